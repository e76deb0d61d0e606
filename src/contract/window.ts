import { type Static, Type } from 'typebox';
import { Nullable, OneOf, Time } from './values.ts';

const closed = { additionalProperties: false };

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** When work may start, week after week, in local time. One that ends at an earlier time than it begins passes midnight. */
export const Window = Type.Object(
  {
    days: Type.Optional(
      Type.Array(OneOf(WEEKDAYS), { maxItems: 7, description: 'on which it begins; default: every day' }),
    ),
    from: Type.Optional(Type.String({ maxLength: 40, description: 'such as 20:00; default: 00:00' })),
    to: Type.Optional(Type.String({ maxLength: 40, description: 'such as 06:00; default: 24:00' })),
  },
  closed,
);

/** When no work may start, whatever the windows say, in local time. */
export const Freeze = Type.Object(
  {
    from: Type.String({ maxLength: 40, description: '2026-12-18 or 2026-12-18 18:00' }),
    to: Type.String({ maxLength: 40, description: '2027-01-06 (that day too) or 2027-01-06 08:00' }),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
);

/** What a closed org is closed to. */
export const CLOSED_TO = ['exclusive', 'all'] as const;

/** The keys of an org that say when its work may start. */
export const ORG_TIMES = {
  timeZone: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'of window and freeze; default: UTC' }),
  ),
  window: Type.Optional(Type.Array(Window, { maxItems: 50 })),
  freeze: Type.Optional(Type.Array(Freeze, { maxItems: 100 })),
  closedTo: Type.Optional(
    OneOf(CLOSED_TO, { description: 'exclusive (default): deployments; all: every kind of work' }),
  ),
} as const;

/** Whether work may start in an org now, as it is shown. */
export const WindowState = Type.Object({
  open: Type.Boolean(),
  closedTo: OneOf(CLOSED_TO),
  until: Nullable(Type.Unsafe<string>({ ...Time, description: 'when that changes; null: not foreseeable' })),
  note: Nullable(Type.String({ maxLength: 250, description: 'why it is closed' })),
});

export type Window = Static<typeof Window>;
export type Freeze = Static<typeof Freeze>;
export type WindowState = Static<typeof WindowState>;

export interface OrgTimes {
  readonly timeZone?: string;
  readonly window?: readonly Window[];
  readonly freeze?: readonly Freeze[];
  readonly closedTo?: (typeof CLOSED_TO)[number];
}
