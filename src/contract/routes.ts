import { type Static, type TSchema, Type } from 'typebox';
import { ApiToken, ApiTokenRequest, CreatedApiToken } from './access.ts';
import { DeliveryReceipt, DeliverySchema } from './delivery.ts';
import { EventSchema, Position } from './event.ts';
import { HOOK_BODY_LIMIT_BYTES } from './hook.ts';
import { ByOrg, LANE_ROUTES } from './lane-routes.ts';
import { OPERATION_STATES, OperationRequest, OperationSchema, ResolutionRequest } from './operation.ts';
import { OrgRegistration, OrgSchema } from './org.ts';
import { PAGE_LIMIT, route, UPLOAD_LIMIT_BYTES } from './route.ts';
import { ScheduleSchema } from './schedule.ts';
import { CommandDescription, TaskDescription, Upload } from './server.ts';
import { SERVER_ROUTES } from './server-routes.ts';
import { Alias, Nullable, OperationId } from './values.ts';

const closed = { additionalProperties: false };
const ById = Type.Object({ id: OperationId }, closed);
const Cursor = Type.Optional(Type.String({ maxLength: 200 }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_LIMIT }));
const NextCursor = Nullable(Type.String({ description: 'null: this was the last page' }));

export const ROUTES = {
  createOperation: route({
    method: 'POST',
    url: '/api/v1/operations',
    door: 'both',
    scope: 'operations:write',
    body: OperationRequest,
    status: 202,
    success: OperationSchema,
  }),
  listOperations: route({
    method: 'GET',
    url: '/api/v1/operations',
    door: 'both',
    scope: 'operations:read',
    query: Type.Object(
      {
        state: Type.Optional(
          Type.String({
            pattern: `^(${OPERATION_STATES.join('|')})(,(${OPERATION_STATES.join('|')}))*$`,
            maxLength: 200,
          }),
        ),
        org: Type.Optional(Alias),
        task: Type.Optional(Type.String({ maxLength: 63 })),
        label: Type.Optional(
          Type.String({ maxLength: 400, pattern: '^[^=]+=.*$', description: 'name=value' }),
        ),
        limit: Limit,
        cursor: Cursor,
      },
      closed,
    ),
    status: 200,
    success: Type.Object({ items: Type.Array(OperationSchema), nextCursor: NextCursor }),
  }),
  getOperation: route({
    method: 'GET',
    url: '/api/v1/operations/:id',
    door: 'both',
    scope: 'operations:read',
    params: ById,
    status: 200,
    success: OperationSchema,
  }),
  listEvents: route({
    method: 'GET',
    url: '/api/v1/operations/:id/events',
    door: 'both',
    scope: 'operations:read',
    params: ById,
    query: Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })), limit: Limit }, closed),
    status: 200,
    success: Type.Object({ items: Type.Array(EventSchema), position: Position }),
  }),
  cancelOperation: route({
    method: 'POST',
    url: '/api/v1/operations/:id/cancel',
    door: 'both',
    scope: 'operations:write',
    params: ById,
    status: 202,
    success: OperationSchema,
  }),
  retryOperation: route({
    method: 'POST',
    url: '/api/v1/operations/:id/retry',
    door: 'both',
    scope: 'operations:write',
    params: ById,
    status: 202,
    success: OperationSchema,
  }),
  resolveOperation: route({
    method: 'POST',
    url: '/api/v1/operations/:id/resolve',
    door: 'both',
    scope: 'operations:write',
    params: ById,
    body: ResolutionRequest,
    status: 200,
    success: OperationSchema,
  }),
  createUpload: route({
    method: 'PUT',
    url: '/api/v1/uploads',
    door: 'both',
    scope: 'operations:write',
    raw: 'stream',
    bodyLimit: UPLOAD_LIMIT_BYTES,
    status: 201,
    success: Upload,
  }),
  listOrgs: route({
    method: 'GET',
    url: '/api/v1/orgs',
    door: 'both',
    scope: 'operations:read',
    status: 200,
    success: Type.Object({ items: Type.Array(OrgSchema) }),
  }),
  putOrg: route({
    method: 'PUT',
    url: '/api/v1/orgs/:org',
    door: 'control',
    scope: null,
    params: ByOrg,
    body: OrgRegistration,
    status: 200,
    success: OrgSchema,
  }),
  deleteOrg: route({
    method: 'DELETE',
    url: '/api/v1/orgs/:org',
    door: 'control',
    scope: null,
    params: ByOrg,
    status: 204,
    success: Type.Null(),
  }),
  ...LANE_ROUTES,
  listTasks: route({
    method: 'GET',
    url: '/api/v1/tasks',
    door: 'both',
    scope: 'operations:read',
    status: 200,
    success: Type.Object({
      items: Type.Array(TaskDescription),
      commands: Type.Array(CommandDescription, { description: 'what the task command may run' }),
    }),
  }),
  listSchedules: route({
    method: 'GET',
    url: '/api/v1/schedules',
    door: 'both',
    scope: 'operations:read',
    status: 200,
    success: Type.Object({ items: Type.Array(ScheduleSchema) }),
  }),
  listDeliveries: route({
    method: 'GET',
    url: '/api/v1/deliveries',
    door: 'both',
    scope: 'operations:read',
    query: Type.Object({ limit: Limit, cursor: Cursor }, closed),
    status: 200,
    success: Type.Object({ items: Type.Array(DeliverySchema), nextCursor: NextCursor }),
  }),
  createToken: route({
    method: 'POST',
    url: '/api/v1/tokens',
    door: 'control',
    scope: null,
    body: ApiTokenRequest,
    status: 201,
    success: CreatedApiToken,
  }),
  listTokens: route({
    method: 'GET',
    url: '/api/v1/tokens',
    door: 'control',
    scope: null,
    status: 200,
    success: Type.Object({ items: Type.Array(ApiToken) }),
  }),
  revokeToken: route({
    method: 'DELETE',
    url: '/api/v1/tokens/:id',
    door: 'control',
    scope: null,
    params: Type.Object({ id: Type.String({ maxLength: 29 }) }, closed),
    status: 204,
    success: Type.Null(),
  }),
  ...SERVER_ROUTES,
  receiveHook: route({
    method: 'POST',
    url: '/hooks/:hook',
    door: 'both',
    scope: null,
    params: Type.Object({ hook: Alias }, closed),
    raw: 'bytes',
    bodyLimit: HOOK_BODY_LIMIT_BYTES,
    status: 202,
    success: DeliveryReceipt,
  }),
} as const;

/** The WebSocket upgrade is no request with an answer, so it stands beside the table. */
export const STREAM_URL = '/api/v1/stream';

export type RouteName = keyof typeof ROUTES;
type Part<R, K extends string> = R extends { readonly [P in K]: infer S extends TSchema }
  ? Static<S>
  : undefined;
export type RouteParams<N extends RouteName> = Part<(typeof ROUTES)[N], 'params'>;
export type RouteQuery<N extends RouteName> = Part<(typeof ROUTES)[N], 'query'>;
export type RouteBody<N extends RouteName> = Part<(typeof ROUTES)[N], 'body'>;
export type RouteSuccess<N extends RouteName> = Static<(typeof ROUTES)[N]['success']>;
