import { type Caller, callerName } from '../../../contract/access.ts';
import type { Org } from '../../../contract/org.ts';
import type { RouteBody } from '../../../contract/routes.ts';
import { unknownOrg } from '../../operations/unknown-org.ts';
import type { NewPause } from '../../store/lane-port.ts';
import type { DoorParts, Handler } from '../parts.ts';

export const pauseOrg: Handler<'pauseOrg'> = async ({ parts, caller, params, body }) => {
  const pause = pauseOf(parts, caller, body);
  return known(params.org, await parts.operations.store.pauseLane(caller.tenant, params.org, pause));
};

export const resumeOrg: Handler<'resumeOrg'> = async ({ parts, caller, params }) => {
  const org = known(params.org, await parts.operations.store.resumeLane(caller.tenant, params.org));
  parts.log.info({ org: params.org, tenant: caller.tenant, by: callerName(caller) }, 'a lane was resumed');
  parts.wake();
  return org;
};

export const pauseServer: Handler<'pauseServer'> = async ({ parts, caller, body }) => ({
  paused: await parts.operations.store.pauseServer(pauseOf(parts, caller, body)),
});

export const resumeServer: Handler<'resumeServer'> = async ({ parts }) => {
  await parts.operations.store.resumeServer();
  parts.log.info('the server was resumed');
  parts.wake();
  return { paused: null };
};

function pauseOf(parts: DoorParts, caller: Caller, { reason }: RouteBody<'pauseOrg'>): NewPause {
  return { by: callerName(caller), reason: reason ?? null, at: parts.operations.now().toISOString() };
}

function known(alias: string, org: Org | null): Org {
  if (org === null) throw unknownOrg(alias);
  return org;
}
