import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Paths } from '../../config/paths.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { OperationEvent } from '../../contract/event.ts';
import { orgAccount } from '../../contract/org.ts';
import type { SourceCode } from '../../contract/source-code.ts';
import type { ResolvedSource, VaultReference } from '../../contract/worker-protocol.ts';
import type { Claim, Store } from '../store/port.ts';
import type { AttemptMeans, AttemptParts } from './attempt.ts';
import { createClaiming } from './claiming.ts';
import { createCompiledCode } from './compiled-code.ts';
import { createDrain, type Drain, endsAttempt } from './drain.ts';
import { createDue } from './due.ts';
import type { MachineIsolation } from './isolation.ts';
import { DEFAULT_LIMITS, type DispatchLimits } from './limits.ts';
import { createLoginUses } from './login-uses.ts';
import { createPersist } from './persist.ts';
import { createQueue } from './queue.ts';
import { createReconcile } from './reconcile.ts';
import { type RunningAttempt, runAttempt } from './run-attempt.ts';
import { makePool, runWorker } from './run-worker.ts';
import { createSessionArbitration } from './session-arbitration.ts';
import { makeWorkspace } from './workspace.ts';

const FIRST_WORK_MS = 300;

export interface DispatchOptions {
  readonly store: Store;
  readonly configuration: () => Configuration;
  readonly paths: Paths;
  readonly vault: VaultReference;
  readonly isolation: MachineIsolation;
  readonly workerUrl: URL;
  /** operations/source: checked again when the work starts. */
  readonly resolveSource: (tenant: string, source: SourceCode) => Promise<ResolvedSource>;
  readonly log: Logger;
  readonly now: () => Date;
  /** Somebody asked for a drain, and nothing runs any more. */
  readonly onDrained?: () => void;
  readonly limits?: Partial<DispatchLimits>;
  /** Whether the disk has room for another attempt. */
  readonly hasRoom?: () => Promise<boolean>;
  readonly random?: () => number;
  /** Other workers and workspaces than real ones: the simulation's. */
  readonly means?: AttemptMeans;
}

export interface Dispatch {
  start(): Promise<void>;
  /** Claims nothing more, interrupts what can go on later, and lets the rest come to its end for a while. */
  stop(): Promise<void>;
  /** An operation is being accepted: where a place is free, it is claimed in the same transaction. */
  claim(): void;
  /** Something may start now, or comes by time sooner than was known. */
  wake(): void;
  /** Somebody logged in under this alias, perhaps as another user. */
  loginChanged(tenant: string, alias: string): void;
  /** The configuration is another one: more or less may run, or wait for work. */
  adjust(): void;
  readonly drain: Pick<Drain, 'active' | 'begin' | 'end'>;
}

/** Wake -> claim -> workers -> settled. Everything that it knows can be read again from the store after a crash. */
export function createDispatch(options: DispatchOptions): Dispatch {
  const running = new Map<string, RunningAttempt>();
  const attempts = new WeakMap<Claim, RunningAttempt>();
  const stopping = new AbortController();
  const { log, paths, workerUrl } = options;
  const compiled = createCompiledCode({ workerUrl, directory: paths.compiledCode, log });
  const parts = attemptParts({ ...options, compiledCode: compiled.directory }, stopping.signal);
  const pool = parts.means.makePool({ ...parts, size: () => options.configuration().standby });
  const claiming = createClaiming({ ...options, pool });
  const due = createDue({ ...options, freed: () => queue?.wake() });
  const drain = createDrain({ ...options, onDrained: options.onDrained ?? (() => undefined) });
  const hasRoom = options.hasRoom ?? (async () => true);
  let queue: ReturnType<typeof createQueue> | null = null;
  let unsubscribe: () => void = () => undefined;
  let filled: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | null = null;

  /** It runs from the moment that the claim is answered, so that no cancel passes it unheard. */
  const claim = async (): Promise<Claim | null> => {
    // asked last, so that a drain that begins meanwhile is heeded; reconcile looks again
    if (!(await hasRoom()) || drain.active()) return null;
    const claimed = await claiming.claim();
    if (claimed === null) return null;
    const { id } = claimed.claim.operation;
    const attempt = runAttempt(parts, claimed.claim, claimed.standby);
    running.set(id, attempt);
    attempts.set(claimed.claim, attempt);
    if (claimed.cancelled) attempt.interrupt('request');
    void attempt.ended.then((settled) => {
      // The next attempt may be in its place already; one that could not be settled stays, so that nobody else does it.
      if (settled && running.get(id) === attempt) running.delete(id);
    });
    return claimed.claim;
  };
  const committed = (events: readonly OperationEvent[]): void => {
    for (const { body, operation } of events) {
      if (body.type !== 'cancel-requested') continue;
      claiming.cancelled(operation);
      running.get(operation)?.interrupt('request');
    }
    for (const event of events) tellOfRefusal(log, event);
    if (events.some(isScheduled)) due.look();
    if (events.some(mayStartWork)) queue?.wake();
    if (events.some(endsAttempt)) drain.look();
  };
  /** What an earlier run left goes on first: workers that only wait would take processors from it. */
  const afterFirstWork = () =>
    wait(FIRST_WORK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  const reconcile = createReconcile({
    ...options,
    runs: (operation) => running.has(operation),
    cancel: (operation) => running.get(operation)?.interrupt('request'),
    wake() {
      due.look();
      queue?.wake();
      drain.look();
    },
  });
  const end = async (): Promise<void> => {
    unsubscribe();
    await reconcile.stop();
    await due.stop();
    await queue?.close();
    stopping.abort();
    compiled.stop();
    await filled;
    await Promise.all([pool.stop(), endRunning(running, parts.limits.drainMs)]);
    await options.isolation.close();
    queue?.destroy();
  };
  return {
    async start() {
      options.isolation.look();
      unsubscribe = options.store.onCommitted(committed);
      const limit = () => options.configuration().concurrency;
      const run = async (claimed: Claim) => void (await attempts.get(claimed)?.ended);
      queue = createQueue({ limit, claim, run, log });
      // Those that are forked before the compiled code is there would be the slow ones.
      filled = compiled.make().then(afterFirstWork).then(pool.adjust);
      due.start();
      reconcile.start();
    },
    stop() {
      stopped ??= end();
      return stopped;
    },
    claim: () => queue?.wake(),
    wake() {
      due.look();
      queue?.wake();
    },
    loginChanged: (tenant, alias) => parts.arbitration.forget(orgAccount(tenant, alias)),
    adjust() {
      options.isolation.look();
      pool.adjust();
      queue?.wake();
    },
    drain: {
      active: drain.active,
      begin: drain.begin,
      end() {
        drain.end();
        queue?.wake();
      },
    },
  };
}

function attemptParts(
  options: DispatchOptions & Pick<AttemptParts, 'compiledCode'>,
  stopping: AbortSignal,
): AttemptParts {
  return {
    ...options,
    arbitration: createSessionArbitration(),
    loginUsed: createLoginUses(options),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    persist: createPersist(options.log, stopping),
    random: options.random ?? Math.random,
    means: options.means ?? { makeWorkspace, makePool, runWorker },
  };
}

async function endRunning(running: ReadonlyMap<string, RunningAttempt>, drainMs: number): Promise<void> {
  const attempts = [...running.values()];
  for (const attempt of attempts) if (attempt.interruptible) attempt.interrupt('shutdown');
  const drained = setTimeout(() => {
    for (const attempt of attempts) attempt.interrupt('shutdown');
  }, drainMs);
  await Promise.all(attempts.map((attempt) => attempt.ended));
  clearTimeout(drained);
}

/** Once for each login: its operations wait and say so themselves. */
function tellOfRefusal(log: DispatchOptions['log'], { tenant, body }: OperationEvent): void {
  if (body.type !== 'waiting' || body.waitingFor?.reason !== 'credential') return;
  const { login, note } = body.waitingFor;
  log.warn({ tenant, org: login, note }, 'the org refuses its login; its work waits for a new one');
}

function isScheduled({ body }: OperationEvent): boolean {
  return (
    (body.type === 'created' && body.state === 'scheduled') ||
    (body.type === 'state' && body.to === 'scheduled')
  );
}

/** Something new waits, or something that others waited for has ended. */
function mayStartWork({ body }: OperationEvent): boolean {
  return (
    (body.type === 'created' && body.state === 'queued') ||
    (body.type === 'state' && body.to !== 'running') ||
    body.type === 'resolved'
  );
}
