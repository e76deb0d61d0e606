import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { OperationError } from '../../contract/operation.ts';
import type { AskBody, Assignment, DaemonMessage, Outcome } from '../../contract/worker-protocol.ts';
import type { RecordedWorker, StoredReport } from '../store/port.ts';
import type { Cgroup } from './cgroups.ts';
import { type Answer, type Conversation, type ConversationEnd, createConversation } from './conversation.ts';
import { type Because, createEscalation, type Escalation } from './escalation.ts';
import { type ForkedWorker, forkWorker, recordOf, type WorkerProgram } from './fork-worker.ts';
import type { DispatchLimits } from './limits.ts';
import { outputLines } from './output-lines.ts';
import type { Standby } from './standby.ts';
import { endStrays } from './strays.ts';

/** After the end of every process, how long printed lines may still be on their way. */
const OUTPUT_LIMIT_MS = 2_000;

export interface WorkerSpecification extends WorkerProgram {
  /** Forked ahead, and recorded when the work was claimed; null: one is forked for this assignment. */
  readonly standby: Standby | null;
  readonly assignment: Assignment;
  /** Holds it and all that it starts; null: nothing does. */
  readonly cgroup: Cgroup | null;
  readonly limits: DispatchLimits;
}

export interface WorkerParts {
  /** False: the attempt is no longer current. */
  readonly recordWorker: (worker: RecordedWorker) => Promise<boolean>;
  readonly record: (reports: readonly StoredReport[]) => Promise<boolean>;
  readonly answer: (ask: AskBody) => Promise<Answer>;
  readonly check: (outcome: Outcome) => OperationError | null;
  /** True while it must not be killed. */
  readonly spared: () => boolean;
  /** It is gone, with all its locks and sessions. */
  readonly released: () => void;
}

/** How one worker ended. `lost`: without an outcome; `detail` is a half-sentence. */
export type WorkerEnd = ConversationEnd | { readonly kind: 'lost'; readonly detail: string };

export interface RunningWorker {
  interrupt(because: Because): void;
  /** Settles when neither the worker nor any process of it is left. */
  readonly ended: Promise<WorkerEnd>;
}

/** A fresh process for one assignment. It is never used again. */
export function startWorker(specification: WorkerSpecification, parts: WorkerParts): RunningWorker {
  const { standby } = specification;
  const forked = standby?.worker ?? forkWorker(specification);
  const { child, exited, pid } = forked;
  if (pid === null) {
    parts.released();
    return { interrupt: () => undefined, ended: exited.then((detail) => ({ kind: 'lost', detail })) };
  }
  const send = (message: DaemonMessage): void => {
    // A worker that has gone hears nothing; its end is noticed elsewhere.
    if (child.connected) child.send(message, () => undefined);
  };
  const { limits, assignment } = specification;
  const conversation = createConversation({ ...parts, attempt: assignment.attempt, send });
  child.on('message', (message) => conversation.receive(message));
  holdIn(specification.cgroup, pid, conversation);
  const escalation = createEscalation({ group: pid, limits, send, spared: parts.spared });
  const worker = { ...forked, pid, send, conversation, escalation };
  const assigned =
    standby === null ? assign(worker, specification, parts) : Promise.resolve(send(assignment));
  return {
    // Not before the assignment: whoever is told to cancel something in the org must know what.
    interrupt: (because) => void assigned.then(() => escalation.interrupt(because)),
    ended: follow(worker, specification, parts),
  };
}

/** Before it is told anything, so that nothing that it starts is outside. */
function holdIn(cgroup: Cgroup | null, pid: number, conversation: Conversation): void {
  try {
    cgroup?.add(pid);
  } catch (error) {
    conversation.refuse(error);
  }
}

interface Worker extends ForkedWorker {
  readonly pid: number;
  readonly send: (message: DaemonMessage) => void;
  readonly conversation: Conversation;
  readonly escalation: Escalation;
}

/** The process is known to the store before it knows what to do, so that recovery can end it. */
async function assign(
  worker: Worker,
  { assignment, limits }: WorkerSpecification,
  parts: WorkerParts,
): Promise<void> {
  const { send, conversation, escalation, exited } = worker;
  const unready = setTimeout(escalation.kill, limits.readyMs);
  await Promise.race([conversation.ready, exited]);
  clearTimeout(unready);
  const record = recordOf(worker);
  if (record === null) return; // it has ended meanwhile
  try {
    if (await parts.recordWorker(record)) send(assignment);
    else conversation.refuse(null);
  } catch (error) {
    conversation.refuse(error);
  }
}

async function follow(
  { child, pid, exited, conversation, escalation, marker, since }: Worker,
  { cgroup, limits }: WorkerSpecification,
  parts: WorkerParts,
): Promise<WorkerEnd> {
  const printed = Promise.all([
    record(child.stdout, 'debug', conversation),
    record(child.stderr, 'warn', conversation),
  ]);
  const end = await Promise.race([conversation.over, exited.then(() => null)]);
  const overdue = setTimeout(escalation.kill, end?.kind === 'outcome' ? limits.exitMs : 0);
  const detail = await exited;
  clearTimeout(overdue);
  escalation.stop();
  for (const message of limitsMet(cgroup))
    await conversation.printed({ type: 'log', level: 'warn', message });
  await cgroup?.end(limits.straysMs);
  await endStrays({ markers: [marker], groups: [pid], since }, limits.straysMs);
  parts.released();
  await Promise.race([printed, wait(OUTPUT_LIMIT_MS, undefined, { ref: false })]);
  return (await conversation.close()) ?? { kind: 'lost', detail };
}

function limitsMet(cgroup: Cgroup | null): readonly string[] {
  if (cgroup === null) return [];
  const { memory, processes } = cgroup.refusals();
  const megabytes = cgroup.limits.memoryBytes / 2 ** 20;
  return [
    ...(processes > 0 ? [`It was refused more than ${cgroup.limits.processes} processes at once.`] : []),
    ...(memory > 0 ? [`The system ended a process of it: all together had ${megabytes} MB of memory.`] : []),
  ];
}

async function record(
  stream: Readable | null,
  level: 'debug' | 'warn',
  conversation: Conversation,
): Promise<void> {
  if (stream === null) return;
  try {
    for await (const message of outputLines(stream))
      await conversation.printed({ type: 'log', level, message });
  } catch {
    // The pipe broke together with the worker.
  }
}
