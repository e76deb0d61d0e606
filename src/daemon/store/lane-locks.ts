import type { Database } from 'better-sqlite3';
import type { Lock } from '../../contract/lock.ts';
import type { LaneKey } from './lane-head.ts';

export interface LockRow {
  readonly id: string;
  readonly tenant: string;
  readonly organisation: string;
  readonly org: string;
  readonly rank: number;
  readonly fence: number | null;
  readonly ttl_seconds: number;
  readonly note: string | null;
  readonly locked_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly ended_at: string | null;
}

const IN_LANE = 'tenant = +@tenant AND organisation = +@organisation AND ended_at IS NULL';
/** Of one lane: each costs those behind it, of every tenant. */
export const OPEN_LOCKS_LIMIT = 100;

export type LaneLocks = ReturnType<typeof createLaneLocks>;

/** The locks of a lane, in their order; the one that is held, if any. */
export function createLaneLocks(db: Database) {
  const held = db.prepare<[LaneKey], LockRow>(`SELECT * FROM locks WHERE ${IN_LANE} AND fence IS NOT NULL`);
  const first = db.prepare<[LaneKey], LockRow>(
    `SELECT * FROM locks WHERE ${IN_LANE} AND fence IS NULL ORDER BY rank, id LIMIT 1`,
  );
  const before = db.prepare<[LaneKey & { rank: number; id: string }], { n: number }>(
    `SELECT count(*) AS n FROM (SELECT 1 FROM locks
       WHERE ${IN_LANE} AND fence IS NULL AND (rank, id) < (+@rank, +@id) ORDER BY rank, id LIMIT ${OPEN_LOCKS_LIMIT})`,
  );
  const all = db.prepare<[LaneKey], LockRow>(
    `SELECT * FROM locks WHERE ${IN_LANE} ORDER BY rank, id LIMIT ${OPEN_LOCKS_LIMIT}`,
  );
  const nextFence = db.prepare<[LaneKey], { fence: number }>(
    `INSERT INTO fences (tenant, organisation, fence)
     SELECT @tenant, @organisation, fences_from + 1 FROM meta WHERE true
     ON CONFLICT DO UPDATE SET fence = fence + 1 RETURNING fence`,
  );
  const setFence = db.prepare<[number, string]>('UPDATE locks SET fence = ? WHERE id = ?');

  return {
    held: ({ tenant, organisation }: LaneKey): LockRow | null => held.get({ tenant, organisation }) ?? null,
    /** The first that waits. */
    first: ({ tenant, organisation }: LaneKey): LockRow | null => first.get({ tenant, organisation }) ?? null,
    countBefore: ({ tenant, organisation, rank, id }: LaneKey & { rank: number; id: string }): number =>
      before.get({ tenant, organisation, rank, id })?.n ?? 0,
    all: ({ tenant, organisation }: LaneKey): readonly LockRow[] => all.all({ tenant, organisation }),
    /** The lane is its own from here on. */
    grant({ id, tenant, organisation }: LockRow): void {
      const { fence } = nextFence.get({ tenant, organisation }) ?? { fence: 1 };
      setFence.run(fence, id);
    },
  };
}

export function toLock(row: LockRow, place: number | null): Lock {
  return {
    id: row.id,
    org: row.org,
    state: row.fence === null ? 'waiting' : 'held',
    place: row.fence === null ? place : null,
    fence: row.fence,
    ttlSeconds: row.ttl_seconds,
    note: row.note,
    by: row.locked_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
