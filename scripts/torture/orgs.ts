import { fork } from 'node:child_process';
import { once } from 'node:events';
import type {
  FromOrgs,
  SeenDeployment,
  StandInAddress,
  ToOrgs,
  Trap,
} from '../../test/fixtures/orgs-process.ts';

/** The stand-in orgs, seen from the process that tortures the server. */
export interface Orgs {
  readonly addresses: readonly StandInAddress[];
  /** Resolves when the moment has come; the org then waits until `release`. Replaces an earlier trap. */
  trap(trap: Trap): Promise<void>;
  /** Goes on, and forgets a trap that nobody stepped into. */
  release(): void;
  deployments(): Promise<readonly SeenDeployment[]>;
  stop(): Promise<void>;
}

export async function startOrgs(aliases: readonly string[]): Promise<Orgs> {
  const child = fork(new URL('../../test/fixtures/orgs-process.ts', import.meta.url), [...aliases]);
  const waiting = new Map<FromOrgs['type'], (message: FromOrgs) => void>();
  const next = <T extends FromOrgs['type']>(type: T) =>
    new Promise<Extract<FromOrgs, { type: T }>>((resolve) => {
      waiting.set(type, resolve as (message: FromOrgs) => void);
    });
  child.on('message', (message: FromOrgs) => waiting.get(message.type)?.(message));
  const say = (message: ToOrgs): void => void child.send(message, () => undefined);
  const { orgs } = await next('ready');
  return {
    addresses: orgs,
    async trap(trap) {
      const trapped = next('trapped');
      say({ type: 'trap', trap });
      await trapped;
    },
    release() {
      say({ type: 'trap', trap: null });
      say({ type: 'go' });
    },
    async deployments() {
      const seen = next('seen');
      say({ type: 'look' });
      return (await seen).deployments;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
