import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Caller } from '../../contract/access.ts';
import type { Backup } from '../../contract/backup.ts';
import type { DeliveryReceipt } from '../../contract/delivery.ts';
import type { RouteBody, RouteName, RouteParams, RouteQuery, RouteSuccess } from '../../contract/routes.ts';
import type { ScheduleView } from '../../contract/schedule.ts';
import type { Readiness, ServerStatus } from '../../contract/server.ts';
import type { Outbox } from '../events/outbox.ts';
import type { OperationParts } from '../operations/accept.ts';
import type { LiveConnections } from './live-connections.ts';

export type Door = 'control' | 'edge';

export type ReceiveHook = (
  hook: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
) => Promise<{ readonly repeated: boolean; readonly receipt: DeliveryReceipt }>;

/** What both doors are made of. */
export interface DoorParts {
  readonly operations: OperationParts;
  readonly outbox: Outbox;
  /** What the bearer of the control door sends. */
  readonly controlKey: string;
  readonly receive: ReceiveHook;
  /** Of one tenant, by name. */
  readonly schedules: (tenant: string) => Promise<readonly ScheduleView[]>;
  readonly drain: { begin(): void; end(): void };
  /** Something may start that could not before. */
  readonly wake: () => void;
  /** Somebody logged in under this alias. */
  readonly loginChanged: (tenant: string, alias: string) => void;
  readonly readiness: () => Promise<Readiness>;
  readonly status: () => Promise<ServerStatus>;
  readonly backup: (file: string) => Promise<Backup>;
  readonly log: Logger;
  readonly version: string;
  readonly timing?: Partial<LiveTiming>;
}

/** How live connections are kept alive, and when a slow one is given up. */
export interface LiveTiming {
  readonly pingMs: number;
  readonly slowMs: number;
}

export const LIVE_TIMING: LiveTiming = { pingMs: 30_000, slowMs: 10_000 };

/** What is bound to a route besides its handler. */
export interface DoorContext {
  readonly parts: DoorParts;
  readonly door: Door;
  readonly live: LiveConnections;
}

/** One request as a handler sees it: checked, and with the caller that the door let in. */
export interface Call<N extends RouteName> extends DoorContext {
  readonly caller: Caller;
  /** Fails once the caller's token is revoked or expired; for connections that outlive their request. */
  readonly renew: () => Promise<void>;
  readonly params: RouteParams<N>;
  readonly query: RouteQuery<N>;
  readonly body: RouteBody<N>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A handler that took the answer over and writes it itself. */
export const TAKEN_OVER = Symbol('taken over');

export type Handler<N extends RouteName> = (call: Call<N>) => Promise<RouteSuccess<N> | typeof TAKEN_OVER>;

export type Handlers = { readonly [N in RouteName]: Handler<N> };
