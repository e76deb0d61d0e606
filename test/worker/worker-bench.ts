import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Compile } from 'typebox/compile';
import { programEnvironment } from '../../src/config/environment.ts';
import { programPath } from '../../src/config/program-path.ts';
import type { AssignedCommand } from '../../src/contract/command.ts';
import { orgAccount } from '../../src/contract/org.ts';
import {
  type AskBody,
  type Assignment,
  type DaemonMessage,
  type FetchedSource,
  type Outcome,
  type ReportBody,
  type ResolvedSource,
  type WorkerJob,
  WorkerMessage,
} from '../../src/contract/worker-protocol.ts';
import { type ForkedWorker, forkWorker } from '../../src/daemon/dispatch/fork-worker.ts';
import { workerArguments } from '../../src/daemon/dispatch/permissions.ts';
import { openVault } from '../../src/vault/open.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const WORKER_PROGRAM = new URL('../../dist/worker/main.cjs', import.meta.url);
export const ALIAS = 'uat';
export const ACCOUNT = orgAccount('default', ALIAS);
const OPERATION = 'op_01JABCDEFGHJKMNPQRSTVWXYZ0';

type Answer = Extract<DaemonMessage, { type: 'answer' }>['body'];

/** A workspace, a file vault, and the daemon's end of the protocol. */
export interface WorkerBench {
  readonly directory: string;
  readonly workspace: string;
  storeSecret(account: string, secret: string): Promise<void>;
  readSecret(account: string): Promise<string | null>;
  start(job: Job, behaviour?: Behaviour): Promise<BenchWorker>;
  remove(): Promise<void>;
}

/** `bubblewrap` null: a machine without a sandbox. */
export type Job = { readonly bubblewrap?: null } & (
  | { readonly source: ResolvedSource }
  | {
      readonly task: string;
      readonly input: Record<string, unknown>;
      readonly fetched?: FetchedSource;
      readonly checkpoint?: Record<string, unknown>;
      readonly command?: AssignedCommand;
      /** Default: the bench's org. */
      readonly org?: null;
    }
);

export interface Behaviour {
  /** Called for every question, before it is answered. */
  readonly onAsk?: (body: AskBody) => Promise<Answer | undefined> | Answer | undefined;
  readonly revoke?: boolean;
}

export interface BenchWorker {
  readonly reports: readonly ReportBody[];
  readonly asks: readonly AskBody[];
  /** Every message as it came over the channel, and everything that was printed. */
  readonly heard: () => string;
  cancel(because: 'request' | 'timeout' | 'shutdown'): void;
  /** As when the daemon is killed. */
  abandon(): void;
  kill(signal?: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly outcome: Outcome | null; readonly exit: string }>;
}

export function createBench(): WorkerBench {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-wk-')));
  const workspace = join(directory, 'work', 'op.1');
  const vault = { provider: 'file', directory: join(directory, 'vault') } as const;
  for (const path of [vault.directory, join(workspace, 'source')]) mkdirSync(path, { recursive: true });
  const running: ForkedWorker[] = [];
  return {
    directory,
    workspace,
    storeSecret: async (account, secret) => (await openVault(vault)).set(account, secret),
    readSecret: async (account) => (await openVault(vault)).get(account),
    async start(job, behaviour = {}) {
      const marker = `${basename(directory)}:${'task' in job ? 'task' : 'fetch-source'}`;
      const environment = programEnvironment();
      const bubblewrap = job.bubblewrap === undefined ? programPath('bwrap') : job.bubblewrap;
      const sandbox = { bubblewrap, marker, environment };
      const assignment = assignmentOf(job, { workspace, vault, sandbox });
      const program = {
        workerUrl: WORKER_PROGRAM,
        codeDirectory: join(ROOT, 'dist'),
        compiledCode: null,
      };
      const named: WorkerJob = 'task' in job && job.command !== undefined ? 'command' : assignment.job;
      const artifacts = 'task' in job ? (job.command?.artifacts ?? null) : null;
      const needs = {
        job: named,
        artifacts,
        workspace,
        vault,
        source: assignment.job === 'task' ? null : assignment.source,
        sourceDirectory: assignment.job === 'task' ? (assignment.source?.directory ?? null) : null,
      };
      const forked = forkWorker({
        workerUrl: program.workerUrl,
        nodeArguments: workerArguments(program, needs),
        job: named,
        compiledCode: null,
        workspace: {
          name: basename(workspace),
          directory: workspace,
          source: join(workspace, 'source'),
          remove: () => Promise.resolve(),
        },
        marker,
      });
      running.push(forked);
      return converse(forked, assignment, behaviour);
    },
    async remove() {
      for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
      await Promise.all(running.map(({ exited }) => exited));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function assignmentOf(job: Job, place: Pick<Assignment, 'workspace' | 'vault' | 'sandbox'>): Assignment {
  const work = { type: 'assignment', operation: OPERATION, attempt: 1, tenant: 'default', ...place } as const;
  if (!('task' in job)) return { ...work, job: 'fetch-source', source: job.source };
  return {
    ...work,
    job: 'task',
    task: job.task,
    input: job.input,
    org: job.org === null ? null : { alias: ALIAS, account: ACCOUNT },
    source: job.fetched ?? null,
    checkpoint: job.checkpoint ?? null,
    ...(job.command === undefined ? {} : { command: job.command }),
  };
}

function converse(forked: ForkedWorker, assignment: Assignment, behaviour: Behaviour): BenchWorker {
  const { child, exited } = forked;
  const messages = Compile(WorkerMessage);
  const reports: ReportBody[] = [];
  const asks: AskBody[] = [];
  const heard: string[] = [];
  let outcome: Outcome | null = null;
  let lastNumber = 0;

  const send = (message: DaemonMessage): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  const answer = async (id: number, body: AskBody): Promise<void> => {
    asks.push(body);
    const own = await behaviour.onAsk?.(body);
    const revoke = body.kind === 'session-end' && (behaviour.revoke ?? true);
    send({ type: 'answer', id, body: own ?? { ok: true, revoke } });
  };
  child.on('message', (message) => {
    heard.push(JSON.stringify(message));
    if (!messages.Check(message)) throw new Error(`The worker broke the protocol: ${heard.at(-1)}`);
    if (message.type === 'ready') return send(assignment);
    if (message.type === 'ask') return void answer(message.id, message.body);
    if (message.number !== lastNumber + 1)
      throw new Error(`Report ${message.number} came after ${lastNumber}.`);
    lastNumber = message.number;
    reports.push(message.body);
    if (message.body.kind === 'outcome') outcome = message.body.outcome;
    send({ type: 'acknowledged', upTo: message.number });
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => heard.push(String(data)));
  return {
    reports,
    asks,
    heard: () => heard.join('\n'),
    cancel: (because) => send({ type: 'cancel', because }),
    abandon: () => child.disconnect(),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    ended: exited.then((exit) => ({ outcome, exit })),
  };
}
