import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { findCaddy, startCaddy } from '../cli/caddy.ts';
import {
  type DaemonProcess,
  spawnDaemon,
  waitUntilAnswering,
  waitUntilReady,
} from '../cli/daemon-process.ts';
import { endProcess } from '../cli/end-process.ts';
import { hasLiveScreen } from '../cli/screen-mode.ts';
import type { Client } from '../client/client.ts';
import { readConfiguration } from '../config/file.ts';
import type { Configuration } from '../contract/configuration.ts';
import { AppError, EXIT } from '../contract/errors.ts';
import { edgeUrl, renderCaddyfile } from '../edge/render.ts';
import { lineViewer } from '../tui/watch.ts';

const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 120_000;

interface Started {
  readonly pid: number;
  readonly home: string;
  readonly vault: string;
  readonly edge: string;
  readonly ready: boolean;
}

export default class Start extends BaseCommand {
  static override summary = 'Start the server and show its board.';
  static override description =
    `On a terminal the server runs as long as its board is shown: q, Ctrl-C and closing the terminal stop it. --detach leaves it running in the background, --no-board is what services run: the server itself, in the foreground, with its log on standard output.

Caddy is started in front of it with the generated configuration, where it is installed.`;
  static override examples = [
    { description: 'With the live board', command: '<%= config.bin %> start' },
    { description: 'In the background', command: '<%= config.bin %> start --detach' },
    { description: 'As a service does', command: '<%= config.bin %> start --no-board --no-caddy' },
  ];
  static override flags = {
    detach: Flags.boolean({
      char: 'd',
      summary: 'Leave it running in the background.',
      exclusive: ['board'],
    }),
    board: Flags.boolean({
      summary: 'Show the live board; the default on a terminal.',
      allowNo: true,
    }),
    caddy: Flags.boolean({
      summary: 'Start Caddy in front of it, where it is installed.',
      allowNo: true,
      default: true,
    }),
  };

  async run(): Promise<Started | undefined> {
    const { flags } = await this.parse(Start);
    this.refuseRemote(flags.server);
    const configuration = readConfiguration(this.environment.paths);
    await this.#refuseSecond();
    if (flags.detach) return this.#detached(configuration, flags.caddy);
    const attended = flags.board ?? (process.stdout.isTTY && !this.jsonEnabled());
    if (attended) await this.#attended(configuration, flags.caddy);
    else await this.#inThisProcess(configuration, flags.caddy);
    return undefined;
  }

  /** Before Caddy is touched: the one that runs belongs to the server that runs. */
  async #refuseSecond(): Promise<void> {
    const client = await this.client();
    const status = await client.call('serverStatus').catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'daemon-not-running') return null;
      throw error;
    });
    if (status === null) return;
    throw new AppError('daemon-running', `A server already runs for ${status.home} (pid ${status.pid}).`);
  }

  async #detached(configuration: Configuration, caddy: boolean): Promise<Started> {
    const edge = await this.#edge(configuration, caddy);
    const daemon = this.#spawn(caddy);
    const client = await this.client();
    const readiness = await waitUntilReady(daemon, client, READY_LIMIT_MS);
    daemon.child.unref();
    const status = await client.call('serverStatus');
    this.log(`The server runs in the background (pid ${status.pid}).`);
    this.log(`  Edge   ${edge}`);
    this.log(`  Home   ${status.home}`);
    this.log(`  Vault  ${status.vault}`);
    this.log(`  Log    ${daemon.logFile}`);
    for (const check of readiness.checks.filter((one) => !one.ok)) {
      this.warn(`It is not ready yet: ${check.name}: ${check.detail}`);
    }
    if (!readiness.ready) this.setExit(EXIT.failed);
    return { pid: status.pid, home: status.home, vault: status.vault, edge, ready: readiness.ready };
  }

  /** The board is a client of the server that it starts: nothing that is drawn here can hold the server up. */
  async #attended(configuration: Configuration, caddy: boolean): Promise<void> {
    const edge = await this.#edge(configuration, caddy);
    const daemon = this.#spawn(caddy);
    const client = await this.client();
    const left = Promise.withResolvers<'left'>();
    const leave = (): void => left.resolve('left');
    // kept to the end: where nobody listens any more, ink's own handlers end this process before the server is told
    process.on('SIGINT', leave).on('SIGTERM', leave).on('SIGHUP', leave);
    process.stdout.on('error', leave); // the terminal was closed
    const goneEarly = (): void => void daemon.child.kill('SIGTERM'); // a write to a closed terminal may end us first
    process.once('exit', goneEarly);
    const screen = hasLiveScreen(this.environment)
      ? await openLiveBoard(client, edge, leave, waitUntilAnswering(daemon, client))
      : this.#openLines(client, edge);
    const ended = await Promise.race([left.promise, daemon.exited]);
    process.off('exit', goneEarly);
    screen.stopping();
    if (ended === 'left') await endProcess(daemon.child.pid ?? 0, 'SIGTERM', STOP_LIMIT_MS);
    await screen.close();
    if (ended !== 'left' && ended !== 0) throw daemon.failure();
    this.log('The server is stopped; what waits is kept.');
  }

  #openLines(client: Client, edge: string): { stopping(): void; close(): Promise<void> } {
    this.log(`The server runs; Ctrl-C stops it.\n  Edge  ${edge}\n  Home  ${this.environment.paths.home}`);
    const viewer = lineViewer((line) => this.log(line), { withOperation: true });
    const subscription = client.subscribe('operations', {
      onMessage: (message) => {
        if (message.type === 'event') viewer.event?.(message.event);
      },
    });
    return { stopping: () => this.log('Stopping …'), close: async () => subscription.close() };
  }

  async #inThisProcess(configuration: Configuration, caddy: boolean): Promise<void> {
    const { runDaemon } = await import('../daemon/main.ts');
    const startFront = () => this.#startCaddy(configuration);
    this.setExit(await runDaemon(this.environment, caddy ? { startFront } : {}));
  }

  async #startCaddy(configuration: Configuration): Promise<{ stop(): Promise<void> } | null> {
    const { paths, listen } = this.environment;
    if (listen !== null || (await findCaddy()) === null) return null;
    const caddyfile = renderCaddyfile(configuration, paths);
    const url = edgeUrl(configuration.edge);
    const caddy = await startCaddy({ paths, caddyfile, url, log: (line) => console.error(line) });
    let stopping = false;
    void caddy.exited.then((code) => {
      if (stopping) return;
      console.error(`Caddy ended (${code ?? 'by a signal'}): the edge is closed until the next start.`);
    });
    return {
      async stop() {
        stopping = true;
        await caddy.stop();
      },
    };
  }

  /** Where the outside world comes in, or why it cannot. */
  async #edge(configuration: Configuration, caddy: boolean): Promise<string> {
    const { listen } = this.environment;
    if (listen !== null) return `http://${listen.host}:${listen.port}`;
    const url = edgeUrl(configuration.edge);
    if (!caddy) return `${url}, where Caddy runs on its own`;
    if ((await findCaddy()) !== null) return url;
    const closed = 'closed: Caddy is not installed (Debian and Ubuntu: apt-get install caddy)';
    return closed;
  }

  #spawn(caddy: boolean): DaemonProcess {
    return spawnDaemon({ root: this.config.root, paths: this.environment.paths, caddy });
  }
}

async function openLiveBoard(
  client: Client,
  edge: string,
  leave: () => void,
  answering: Promise<void>,
): Promise<{ stopping(): void; close(): Promise<void> }> {
  const { openBoard } = await import('../tui/board/screen.tsx');
  return openBoard(client, edge, leave, answering);
}
