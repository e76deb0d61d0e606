import { type Static, Type } from 'typebox';
import { Alias, Nullable, OperationId, Time } from './values.ts';

/** What a person says who pauses a lane or the server. */
export const PauseRequest = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) },
  { additionalProperties: false },
);

/** While something is paused nothing new starts there; what runs, or was sent already, goes on. */
export const Pause = Type.Object({
  by: Type.String({ maxLength: 256 }),
  reason: Nullable(Type.String({ maxLength: 500 })),
  at: Time,
  operation: Nullable(
    Type.Unsafe<string>({ ...OperationId, description: 'it ended indeterminate and is to be resolved' }),
  ),
  login: Type.Optional(
    Type.Unsafe<string>({ ...Alias, description: 'the org refuses the login of this alias' }),
  ),
});

export type Pause = Static<typeof Pause>;
