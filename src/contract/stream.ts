import { type Static, Type } from 'typebox';
import { EventSchema, Position } from './event.ts';

/** The WebSocket protocol `sfp.v1` of `GET /api/v1/stream`. */
export const STREAM_PROTOCOL = 'sfp.v1';

/** Close codes; a client comes back after 4408 and 1012 with its position and misses nothing. */
export const CLOSE = { unauthenticated: 4401, forbidden: 4403, slowConsumer: 4408, restart: 1012 } as const;

export const Channel = Type.String({
  pattern: '^(operations|operation:op_[0-9A-Z]{26}|org:[A-Za-z0-9][A-Za-z0-9._-]{0,62})$',
  maxLength: 80,
});

export const ClientMessage = Type.Union([
  Type.Object(
    { type: Type.Literal('subscribe'), channel: Channel, after: Type.Optional(Position) },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal('unsubscribe'), channel: Channel }, { additionalProperties: false }),
]);

export const ServerMessage = Type.Union([
  Type.Object({
    type: Type.Literal('subscribed'),
    channel: Channel,
    position: Position,
    recovered: Type.Boolean({ description: 'false: what lies between `after` and now is not all there' }),
  }),
  Type.Object({ type: Type.Literal('event'), channel: Channel, event: EventSchema }),
  Type.Object({ type: Type.Literal('caught-up'), channel: Channel, position: Position }),
  Type.Object({ type: Type.Literal('error'), code: Type.String(), detail: Type.String() }),
]);

export type ClientMessage = Static<typeof ClientMessage>;
export type ServerMessage = Static<typeof ServerMessage>;
