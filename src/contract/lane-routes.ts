import { Type } from 'typebox';
import { OrgSchema } from './org.ts';
import { PauseRequest } from './pause.ts';
import { route } from './route.ts';
import { Alias } from './values.ts';

export const ByOrg = Type.Object({ org: Alias }, { additionalProperties: false });

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
} as const;
