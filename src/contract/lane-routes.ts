import { Type } from 'typebox';
import { OrgSchema } from './org.ts';
import { Pause, PauseRequest } from './pause.ts';
import { route } from './route.ts';
import { Alias, Nullable } from './values.ts';

export const ByOrg = Type.Object({ org: Alias }, { additionalProperties: false });

/** What people do with lanes, and with all of them at once. */
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
  pauseServer: route({
    method: 'POST',
    url: '/api/v1/server/pause',
    door: 'control',
    scope: null,
    body: PauseRequest,
    status: 200,
    success: Type.Object({ paused: Nullable(Pause) }),
  }),
  resumeServer: route({
    method: 'POST',
    url: '/api/v1/server/resume',
    door: 'control',
    scope: null,
    status: 200,
    success: Type.Object({ paused: Nullable(Pause) }),
  }),
} as const;
