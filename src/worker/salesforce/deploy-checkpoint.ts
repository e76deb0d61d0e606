import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../../contract/errors.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { TaskWork } from '../work.ts';

/** What was about to be sent, by the org's own clock. */
const Intent = Type.Object({
  digest: Type.String(),
  at: Type.String(),
  checkOnly: Type.Boolean(),
  commitId: Type.Union([Type.String(), Type.Null()]),
  /** Deployments that were there already and are not the one that was sent. */
  before: Type.Optional(Type.Array(Type.String())),
});

/** Durable before the effect (`intent`), and again when the org has given its id. */
const DeployCheckpoint = Type.Object({ intent: Intent, deploymentId: Type.Optional(Type.String()) });

export type Intent = Static<typeof Intent>;
export type DeployCheckpoint = Static<typeof DeployCheckpoint>;

/** Null: nothing was sent yet. */
export function readDeployCheckpoint(checkpoint: JsonObject | null): DeployCheckpoint | null {
  if (checkpoint === null || Object.keys(checkpoint).length === 0) return null;
  if (Value.Check(DeployCheckpoint, checkpoint)) return checkpoint;
  throw new AppError('deploy-unknown', 'An earlier attempt left a checkpoint that this version cannot read.');
}

/** On the daemon's disk when the promise resolves. */
export async function recordCheckpoint(work: TaskWork, checkpoint: DeployCheckpoint): Promise<void> {
  await work.ask({ kind: 'checkpoint', checkpoint: { ...checkpoint } });
}

/** The org refused, so nothing was sent. */
export async function takeBackIntent(work: TaskWork): Promise<void> {
  await work.ask({ kind: 'checkpoint', checkpoint: {} });
}
