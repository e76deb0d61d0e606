import { type Answer, type Call, type CallName, refuseCall } from './answers.ts';

/** What a call meets instead of, before or after its answer. */
export type Fault =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'reset' }
  /** The org does it, and the caller never hears of it. */
  | { readonly kind: 'lose-answer' };

/** Faults switchable per test. `times` counts the calls that meet it. */
export interface Faults {
  /** Ends all sessions now: the next call of each answers 401 INVALID_SESSION_ID. */
  expireSessions(): void;
  /** The deploy call answers ALREADY_IN_PROCESS. */
  alreadyInProcess(times: number): void;
  unavailable(call: CallName, times: number, retryAfterSeconds?: number): void;
  /** The org's daily requests are used up. */
  requestLimit(call: CallName, times: number): void;
  reset(call: CallName, times: number): void;
  /** The org does what it was asked, then the connection breaks before the answer. */
  loseAnswer(call: CallName, times: number): void;
  /** Every answer of the call waits that long; 0 ends it. */
  slow(call: CallName, delayMs: number): void;
  clear(): void;
}

export interface FaultPlan extends Faults {
  take(call: Call): Fault | null;
  delayMs(call: CallName): number;
}

export function createFaults(expireSessions: () => void): FaultPlan {
  const planned = new Map<CallName, Fault[]>();
  const delays = new Map<CallName, number>();
  const add = (call: CallName, times: number, fault: Fault) => {
    planned.set(call, [...(planned.get(call) ?? []), ...Array.from({ length: times }, () => fault)]);
  };
  const answer = (error: { readonly answer: Answer }, headers: Record<string, string> = {}): Fault => ({
    kind: 'answer',
    answer: { ...error.answer, headers },
  });

  return {
    expireSessions,
    alreadyInProcess: (times) => add('deploy', times, answer(alreadyInProcess())),
    unavailable: (call, times, retryAfterSeconds = 1) =>
      add(call, times, answer(unavailable(), { 'retry-after': String(retryAfterSeconds) })),
    requestLimit: (call, times) => add(call, times, answer(requestLimit())),
    reset: (call, times) => add(call, times, { kind: 'reset' }),
    loseAnswer: (call, times) => add(call, times, { kind: 'lose-answer' }),
    slow: (call, delayMs) => void delays.set(call, delayMs),
    clear() {
      planned.clear();
      delays.clear();
    },
    take: (call) => planned.get(call.name)?.shift() ?? null,
    delayMs: (call) => delays.get(call) ?? 0,
  };
}

const alreadyInProcess = () =>
  refuseCall(400, 'ALREADY_IN_PROCESS', 'The operation could not be started: another one is in process.');
const unavailable = () =>
  refuseCall(503, 'SERVER_UNAVAILABLE', 'The server is currently unavailable to serve the request.');
const requestLimit = () => refuseCall(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
