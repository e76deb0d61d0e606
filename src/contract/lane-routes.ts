import { Type } from 'typebox';
import { LockId, LockRenewal, LockRequest, LockSchema } from './lock.ts';
import { OrgSchema } from './org.ts';
import { PauseRequest } from './pause.ts';
import { route } from './route.ts';
import { Alias } from './values.ts';

export const ByOrg = Type.Object({ org: Alias }, { additionalProperties: false });
const ByLock = Type.Object({ org: Alias, id: LockId }, { additionalProperties: false });

/** What people do with the lane of an org. */
export const LANE_ROUTES = {
  pauseOrg: route({
    method: 'POST',
    url: '/api/v1/orgs/:org/pause',
    door: 'both',
    scope: 'operations:write',
    params: ByOrg,
    body: PauseRequest,
    status: 200,
    success: OrgSchema,
  }),
  resumeOrg: route({
    method: 'POST',
    url: '/api/v1/orgs/:org/resume',
    door: 'both',
    scope: 'operations:write',
    params: ByOrg,
    status: 200,
    success: OrgSchema,
  }),
  createLock: route({
    method: 'POST',
    url: '/api/v1/orgs/:org/locks',
    door: 'both',
    scope: 'operations:write',
    params: ByOrg,
    body: LockRequest,
    status: 201,
    success: LockSchema,
  }),
  renewLock: route({
    method: 'PUT',
    url: '/api/v1/orgs/:org/locks/:id',
    door: 'both',
    scope: 'operations:write',
    params: ByLock,
    body: LockRenewal,
    status: 200,
    success: LockSchema,
  }),
  releaseLock: route({
    method: 'DELETE',
    url: '/api/v1/orgs/:org/locks/:id',
    door: 'both',
    scope: 'operations:write',
    params: ByLock,
    status: 204,
    success: Type.Null(),
  }),
} as const;
