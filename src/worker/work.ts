import type { Progress } from '../contract/operation.ts';
import type { JsonObject } from '../contract/values.ts';
import type { AskBody, Assignment, Outcome, ReportBody } from '../contract/worker-protocol.ts';
import type { Vault } from '../vault/vault.ts';

export type TaskAssignment = Extract<Assignment, { job: 'task' }>;
export type FetchAssignment = Extract<Assignment, { job: 'fetch-source' }>;
export type LogLevel = Extract<ReportBody, { kind: 'log' }>['level'];

/** How a piece of work tells what it does. Everything that is said is redacted and cut to its limit. */
export interface Report {
  log(level: LogLevel, message: string): void;
  /**
   * A line that a program printed; resolves once it has left this process, so that who prints faster waits. `told` hears it as it is
   * told to everybody: masked together with its neighbours, now or a little later.
   */
  printed(line: PrintedLine, told: (masked: string) => void): Promise<void>;
  /** A program has ended: what waits for its next line, because a secret may go on there, waits no longer. */
  printedAll(): void;
  /** Many in a row become few; the last one is always sent. */
  progress(progress: Progress): void;
  /** A step that began; it ends as `done` or, when its work throws, as `failed`. */
  step<T>(name: string, title: string, work: (end: StepEnd) => Promise<T>): Promise<T>;
}

/** `ansi`: the same with its colours; null: it has none. */
export interface PrintedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly ansi: string | null;
}

/** What a step says at its end: another title, or a detail behind it. */
export interface StepEnd {
  title?: string;
  detail?: string;
  /** It ended without success, and without a throw. */
  failed?: boolean;
}

/** What one job is handed. */
export interface Work<A extends Assignment = Assignment> {
  readonly assignment: A;
  readonly report: Report;
  /** Rejects when the daemon refuses, or is gone. */
  readonly ask: (body: AskBody) => Promise<{ readonly revoke: boolean }>;
  readonly vault: () => Promise<Vault>;
  /** This value never leaves the worker readable. */
  readonly hide: (secret: string) => void;
  /** The text without any secret that this worker knows. */
  readonly mask: (text: string) => string;
  /** Aborts with a Stopped, whatever the reason. */
  readonly signal: AbortSignal;
  /** Aborts with a Stopped when this process must go at once, and another attempt goes on with what was sent. */
  readonly leave: AbortSignal;
}

export type TaskWork = Work<TaskAssignment>;

/** The code of a task. It answers with its outcome, or throws: an AppError is an expected failure. */
export type RunTask = (work: TaskWork) => Promise<Outcome>;

export function succeeded(result: JsonObject): Outcome {
  return { state: 'succeeded', result };
}
