import { setTimeout as wait } from 'node:timers/promises';
import type { DaemonMessage } from '../../contract/worker-protocol.ts';
import type { DispatchLimits } from './limits.ts';
import { signal } from './processes.ts';

const LOOK_AGAIN_MS = 20;

export type Because = Extract<DaemonMessage, { type: 'cancel' }>['because'];

export interface Escalation {
  /** A message, then SIGTERM, then SIGKILL; the first reason counts. */
  interrupt(because: Because): void;
  /** SIGKILL to the whole group, as soon as no session lock is held. */
  kill(): void;
  /** The worker is gone: nobody is signalled any more. */
  stop(): void;
}

export interface EscalationParts {
  readonly group: number;
  readonly limits: DispatchLimits;
  readonly send: (message: DaemonMessage) => void;
  /** True while a kill could cut a token's rotation in two. */
  readonly spared: () => boolean;
}

export function createEscalation(parts: EscalationParts): Escalation {
  const { group, limits } = parts;
  let stopped = false;
  let interrupted = false;
  let killing = false;
  let timer: NodeJS.Timeout | null = null;

  const after = (ms: number, next: () => void): void => {
    timer = setTimeout(() => {
      if (!stopped) next();
    }, ms);
  };
  const kill = (): void => {
    if (killing || stopped) return;
    killing = true;
    void untilNotSpared(parts).then(() => {
      if (!stopped) signal(-group, 'SIGKILL');
    });
  };
  return {
    interrupt(because) {
      if (interrupted || stopped) return;
      interrupted = true;
      parts.send({ type: 'cancel', because });
      after(because === 'shutdown' ? limits.shutdownGraceMs : limits.cancelGraceMs, () => {
        signal(-group, 'SIGTERM');
        after(limits.terminateGraceMs, kill);
      });
    },
    kill,
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function untilNotSpared({ spared, limits }: EscalationParts): Promise<void> {
  const deadline = performance.now() + limits.sessionLockMs;
  while (spared() && performance.now() < deadline) await wait(LOOK_AGAIN_MS);
}
