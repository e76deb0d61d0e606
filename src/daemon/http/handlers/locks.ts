import { callerName } from '../../../contract/access.ts';
import { AppError } from '../../../contract/errors.ts';
import { createIds } from '../../operations/ids.ts';
import { unknownOrg } from '../../operations/unknown-org.ts';
import type { LockEnd } from '../../store/lane-port.ts';
import type { Handler } from '../parts.ts';

const nextId = createIds();

export const createLock: Handler<'createLock'> = async ({ parts, caller, params, body }) => {
  const { store, now } = parts.operations;
  const at = now();
  const lock = await store.createLock(caller.tenant, params.org, {
    id: `lk_${nextId(at.getTime())}`,
    ttlSeconds: body.ttlSeconds,
    note: body.note ?? null,
    by: callerName(caller),
    at: at.toISOString(),
  });
  if (lock === null) throw unknownOrg(params.org);
  parts.wake(); // its expiry may be the next that comes
  return lock;
};

export const renewLock: Handler<'renewLock'> = async ({ parts, caller, params, body }) => {
  const { store, now } = parts.operations;
  const renewal = { ttlSeconds: body.ttlSeconds ?? null, at: now().toISOString() };
  const renewed = await store.renewLock({ tenant: caller.tenant, alias: params.org, id: params.id }, renewal);
  if (renewed.outcome !== 'renewed') {
    parts.wake(); // it may have ended just now, which frees the lane
    throw ended(params.id, renewed.outcome);
  }
  return renewed.lock;
};

export const releaseLock: Handler<'releaseLock'> = async ({ parts, caller, params }) => {
  const { store, now } = parts.operations;
  const outcome = await store.releaseLock(
    { tenant: caller.tenant, alias: params.org, id: params.id },
    now().toISOString(),
  );
  parts.wake(); // also one that had not been renewed in time frees the lane only now
  if (outcome !== 'released') throw ended(params.id, outcome);
  return null;
};

function ended(id: string, how: LockEnd): AppError {
  if (how === 'unknown') return new AppError('not-found', `There is no lock ${id}.`);
  return new AppError('lock-expired', `The lock ${id} has ended: it was released, or not renewed in time.`);
}
