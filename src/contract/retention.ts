import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false };
const days = Type.Integer({ minimum: 1, maximum: 3_650 });
const atMost = Type.Integer({ minimum: 100, maximum: 100_000_000 });
const atMostMegabytes = (minimum: number) => Type.Integer({ minimum, maximum: 1_000_000 });

/** How long what is over is kept, and how much of it: what is reached first counts. */
export const Retention = Type.Object(
  {
    operations: Type.Object({ days, atMost }, { ...closed, description: 'that have ended' }),
    events: Type.Object({ days, atMost }, { ...closed, description: 'progress, steps and log lines' }),
    deliveries: Type.Object(
      { days, atMost },
      { ...closed, description: 'of webhooks; so long a replay is noticed' },
    ),
    database: Type.Object(
      { atMostMegabytes: atMostMegabytes(16) },
      { ...closed, description: 'above it the oldest go, however young' },
    ),
    artifacts: Type.Object(
      { days, atMostMegabytes: atMostMegabytes(1) },
      { ...closed, description: 'what commands have kept' },
    ),
    logs: Type.Object(
      { days, atMostMegabytes: atMostMegabytes(1) },
      { ...closed, description: "the server's own log files" },
    ),
  },
  closed,
);

export type Retention = Static<typeof Retention>;

export const DEFAULT_RETENTION: Retention = {
  operations: { days: 90, atMost: 1_000_000 },
  events: { days: 30, atMost: 5_000_000 },
  deliveries: { days: 90, atMost: 100_000 },
  database: { atMostMegabytes: 4_096 },
  artifacts: { days: 30, atMostMegabytes: 2_048 },
  logs: { days: 14, atMostMegabytes: 100 },
};
