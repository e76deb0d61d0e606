import { Compile } from 'typebox/compile';
import { type Assignment, DaemonMessage, MESSAGE_LIMIT, type Outcome } from '../contract/worker-protocol.ts';
import { type Asks, createAsks } from './asks.ts';
import { type Channel, openChannel } from './channel.ts';
import { redactOutput } from './output.ts';
import { proxySecrets } from './proxies.ts';
import { createRedaction, type Redaction } from './redaction.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { runJob } from './run-job.ts';
import { createStops, type Stops } from './stopped.ts';
import { loadTasks } from './task-code.ts';
import type { Work } from './work.ts';

/** A worker that is stopped or done ends by itself; a library's open handle must not keep it longer than that. */
const EXIT_LIMIT_MS = 8_000;

/** The program of one worker: one assignment, its reports, its outcome, then gone. Forked by the daemon and by login checks. */
function start(channel: Channel): void {
  const redaction = createRedaction();
  const stops = createStops();
  const messages = Compile(DaemonMessage);
  let job: Job | null = null;

  /** Not our daemon, or not our version of it: to go on would be to guess. */
  const refuse = (): void => {
    process.stderr.write('The daemon sent a message that the protocol does not know.\n');
    process.exitCode = 1;
    stops.stop('orphaned');
    end();
  };
  const end = (): void => {
    channel.release();
    setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref();
  };
  redactOutput(process, redaction);
  process.on('SIGTERM', () => stops.stop('shutdown'));
  channel.onDisconnect(() => {
    stops.stop('orphaned');
    job?.asks.close();
    end();
  });
  channel.onMessage((message) => {
    if (!isSmall(message) || !messages.Check(message)) return refuse();
    if (message.type === 'cancel') return stops.stop(message.because);
    if (message.type === 'acknowledged') return job?.reporter.acknowledged(message.upTo);
    if (message.type === 'answer') return job?.asks.answered(message);
    if (job !== null) return;
    job = createJob(channel, redaction, { assignment: message, stops });
    void run(job).then(end);
  });
  // A worker for tasks is forked before there is one: what it can load ahead costs nobody time.
  const prepared = process.argv[2] === 'task' ? loadTasks() : Promise.resolve();
  void prepared.then(() => channel.send({ type: 'ready' })).catch(end);
}

interface Job {
  readonly reporter: Reporter;
  readonly asks: Asks;
  readonly work: Work;
}

function createJob(
  channel: Channel,
  redaction: Redaction,
  { assignment, stops }: { readonly assignment: Assignment; readonly stops: Stops },
): Job {
  const { attempt, sandbox, vault } = assignment;
  for (const secret of proxySecrets(sandbox.environment)) redaction.register(secret);
  const reporter = createReporter({ attempt, redaction, send: channel.send });
  const asks = createAsks({ attempt, send: channel.send });
  const work: Work = {
    assignment,
    signal: stops.signal,
    leave: stops.leave,
    report: reporter,
    ask: asks.ask,
    hide: redaction.register,
    mask: redaction.text,
    vault: async () => (await import('../vault/open.ts')).openVault(vault),
  };
  return { reporter, asks, work };
}

async function run({ reporter, work }: Job): Promise<void> {
  const outcome: Outcome | null = await runJob(work);
  if (outcome !== null) await reporter.finish(outcome);
}

function isSmall(message: unknown): boolean {
  return (JSON.stringify(message)?.length ?? 0) <= MESSAGE_LIMIT;
}

const channel = openChannel(process);
if (channel === null) {
  process.stderr.write('This program is started by sfp-server; start that instead.\n');
  process.exitCode = 2;
} else {
  start(channel);
}
