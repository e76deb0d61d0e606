import { BaseCommand } from '../cli/base-command.ts';
import { isListening } from '../cli/listening.ts';
import { readConfiguration } from '../config/file.ts';
import type { Paths } from '../config/paths.ts';
import type { Configuration } from '../contract/configuration.ts';
import { AppError, EXIT } from '../contract/errors.ts';
import type { Isolation } from '../contract/isolation.ts';
import type { Pause } from '../contract/pause.ts';
import type { Readiness, ServerStatus } from '../contract/server.ts';
import { edgeUrl } from '../edge/render.ts';
import { type Line, paint } from '../tui/paint.ts';
import { durationWords, pauseWords } from '../tui/words.ts';

interface Edge {
  readonly url: string;
  readonly open: boolean;
}

interface Status {
  readonly ready: boolean;
  readonly checks: Readiness['checks'];
  readonly server: ServerStatus | null;
  readonly edge: Edge | null;
}

export default class StatusCommand extends BaseCommand {
  static override summary = 'Say how the server is.';
  static override description = 'Exit code 0 when it is ready, 1 when it is not or does not run.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --server https://deploy.example.com:8443',
  ];

  async run(): Promise<Status> {
    const { flags } = await this.parse(StatusCommand);
    const client = await this.client();
    const { ready, checks } = await client.call('readiness');
    const remote = flags.server ?? this.environment.serverUrl;
    const server = remote === null ? await client.call('serverStatus') : null;
    const edge = remote === null ? await this.#edge() : { url: remote, open: true };
    const status = { ready, checks, server, edge };
    this.log(paint(statusLines(status)));
    if (!ready) this.setExit(EXIT.failed);
    return status;
  }

  async #edge(): Promise<Edge | null> {
    const { listen, paths } = this.environment;
    if (listen) {
      const url = `http://${listen.host}:${listen.port}`;
      return { url, open: await isListening(listen.host, listen.port) };
    }
    const edge = this.#edgeSettings(paths);
    if (edge === null) return null;
    return { url: edgeUrl(edge), open: await isListening(edge.host, edge.port) };
  }

  /** Null: the file has a mistake. The server that runs knows nothing of it yet. */
  #edgeSettings(paths: Paths): Configuration['edge'] | null {
    try {
      return readConfiguration(paths).edge;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.warn(`${error.message}\n${error.hint}`);
      return null;
    }
  }
}

function statusLines({ ready, checks, server, edge }: Status): readonly Line[] {
  return [
    [
      { text: 'sfp-server', look: 'bold' },
      { text: server ? ` ${server.version}  ` : '  ' },
      server?.draining
        ? { text: '● draining', tone: 'yellow' }
        : ready
          ? { text: '● ready', tone: 'green' }
          : { text: '● not ready', tone: 'red' },
    ],
    ...checks.filter((check) => !check.ok).map((check) => failing(check)),
    ...(server ? serverLines(server) : []),
    ...(edge ? [edgeLine(edge)] : []),
  ];
}

function serverLines(server: ServerStatus): readonly Line[] {
  const { running, queued, scheduled } = server.counts;
  const up = durationWords(Date.now() - Date.parse(server.startedAt));
  return [
    field(
      'Work',
      `${running} running (at most ${server.concurrency}), ${queued} queued, ${scheduled} scheduled`,
    ),
    ...(server.paused === null ? [] : [pauseLine(server.paused)]),
    field('Process', `pid ${server.pid}, up ${up}`),
    field('Home', server.home),
    field('Vault', server.vault),
    ...isolationLines(server.isolation),
    ...(server.tools.length === 0 ? [] : [toolsLine(server.tools)]),
  ];
}

function toolsLine(tools: ServerStatus['tools']): Line {
  const there = tools.filter(({ installed }) => installed).map(({ npm }) => npm);
  const missing = tools.filter(({ installed }) => !installed).map(({ npm }) => npm);
  const install = `${there.length > 0 ? '; ' : ''}not installed: ${missing.join(', ')} (sfp-server tools install)`;
  return [
    ...field('Tools', there.join(', ')),
    ...(missing.length === 0 ? [] : [{ text: install, tone: 'yellow' } as const]),
  ];
}

/** Green is nothing to talk about, so only what is missing has a colour. */
function isolationLines({ parts, wanted }: Isolation): readonly Line[] {
  if (parts.length === 0) return [];
  const missing = parts.filter(({ enforced }) => !enforced);
  if (missing.length === 0) return [field('Isolation', 'full')];
  const reasons = missing.map(({ part, detail }) => `${part} (${detail})`).join(', ');
  const refused = wanted === 'required' ? ' Programs that are not its own are refused.' : '';
  return [
    [
      ...field('Isolation', ''),
      { text: `without ${reasons}.${refused}`, tone: wanted === 'required' ? 'red' : 'yellow' },
    ],
  ];
}

function pauseLine(pause: Pause): Line {
  const more = ' Nothing new starts; go on with: sfp-server resume';
  return [...field('Paused', ''), { text: `${pauseWords(pause)}.`, tone: 'yellow' }, { text: more }];
}

function edgeLine(edge: Edge): Line {
  const closed = { text: '  closed: nobody listens there', tone: 'yellow' } as const;
  return [...field('Edge', edge.url), ...(edge.open ? [] : [closed])];
}

function field(name: string, value: string): Line {
  return [{ text: `  ${name.padEnd(9)} `, look: 'dim' }, { text: value }];
}

function failing(check: Readiness['checks'][number]): Line {
  return [{ text: `  ✖ ${check.name}`, tone: 'red' }, { text: check.detail ? `: ${check.detail}` : '' }];
}
