import type { Database } from 'better-sqlite3';
import { AppError } from '../../contract/errors.ts';
import type { Lock } from '../../contract/lock.ts';
import type { LaneKey } from './lane-head.ts';
import { type LaneLocks, type LockRow, OPEN_LOCKS_LIMIT, toLock } from './lane-locks.ts';
import type { LockEnd, LockName, LockRenewed, NewLock } from './lane-port.ts';
import type { Lanes } from './lanes.ts';
import type { Waiting } from './waiting.ts';

const INSERT = `INSERT INTO locks (id, tenant, organisation, org, rank, ttl_seconds, note, locked_by, created_at, expires_at)
  VALUES (@id, @tenant, @organisation, @org, @rank, @ttlSeconds, @note, @by, @at, @expiresAt)`;
/** How long an owner that comes late hears that its lock has ended. */
const ENDED_KEPT_MS = 7 * 24 * 3_600_000;
const AT_ONCE = 100;
const RETRY_AFTER_SECONDS = 60;

/** One that ends later than a renewal at this moment would make it was renewed by a clock that has been set back since. */
const RENEWED_NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', @now, '+' || ttl_seconds || ' seconds')`;
const SHORTEN = `UPDATE locks SET expires_at = ${RENEWED_NOW} WHERE ended_at IS NULL AND expires_at > @now AND expires_at > ${RENEWED_NOW}`;
/** One that was taken while the clock was ahead stands as if it were taken now; there are few (`OPEN_LOCKS_LIMIT`). */
const MEND_RANK = `UPDATE locks SET rank = @rank WHERE ended_at IS NULL AND expires_at > '' AND rank > @rank
  RETURNING tenant, organisation`;

interface Parts {
  readonly lanes: Lanes;
  readonly locks: LaneLocks;
  readonly waiting: Waiting;
  readonly getOrganisationId: (tenant: string, alias: string) => string | null;
}

/** What the owners of locks ask for, and what time does to those that nobody renews. */
export function createLocks(db: Database, parts: Parts) {
  const insert = db.prepare<[Record<string, unknown>]>(INSERT);
  const find = db.prepare<[string], LockRow>('SELECT * FROM locks WHERE id = ?');
  const renew = db.prepare<[number, string, string]>(
    'UPDATE locks SET ttl_seconds = ?, expires_at = ? WHERE id = ?',
  );
  const end = db.prepare<[string, string]>('UPDATE locks SET ended_at = ? WHERE id = ?');
  const forget = db.prepare<[string]>('DELETE FROM locks WHERE ended_at < ?');
  const expired = db.prepare<[string], LockRow>(
    `SELECT * FROM locks WHERE ended_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ${AT_ONCE}`,
  );
  const next = db.prepare<[], { at: string }>(
    "SELECT expires_at AS at FROM locks WHERE ended_at IS NULL AND expires_at > '' ORDER BY expires_at LIMIT 1",
  );

  const shorten = db.prepare<[{ now: string }]>(SHORTEN);
  const mendRank = db.prepare<[{ rank: number }], LaneKey>(MEND_RANK);

  const read = (id: string): Lock => {
    const row = find.get(id);
    if (row === undefined) throw new Error(`The lock ${id} is not in the database.`);
    return toLock(row, parts.waiting.placeOfLock(row));
  };
  const finish = (row: LockRow, now: string): void => {
    end.run(now, row.id);
    parts.lanes.refresh(row);
  };
  /** What is over by the clock is over, whether anybody noticed or not. */
  const current = ({ tenant, alias, id }: LockName, now: string): LockRow | LockEnd => {
    const row = find.get(id);
    if (row?.tenant !== tenant || row.org !== alias) return 'unknown';
    if (row.ended_at !== null) return 'ended';
    if (row.expires_at > now) return row;
    finish(row, now);
    return 'ended';
  };

  const refuseTooMany = (tenant: string, organisation: string, alias: string): void => {
    if (parts.locks.all({ tenant, organisation }).length < OPEN_LOCKS_LIMIT) return;
    throw new AppError(
      'queue-full',
      `${OPEN_LOCKS_LIMIT} locks of ${alias} are open, and no more may wait.`,
      {
        hint: 'Release those that nobody needs: sfp-server org list names them.',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    );
  };

  return {
    createLock(tenant: string, alias: string, lock: NewLock): Lock | null {
      const organisation = parts.getOrganisationId(tenant, alias);
      if (organisation === null) return null;
      forget.run(after(lock.at, -ENDED_KEPT_MS));
      refuseTooMany(tenant, organisation, alias);
      const { at, ttlSeconds } = lock;
      const expiresAt = after(at, ttlSeconds * 1_000);
      insert.run({ ...lock, tenant, organisation, org: alias, rank: Date.parse(at), expiresAt });
      parts.lanes.refresh({ tenant, organisation });
      return read(lock.id);
    },
    renewLock(name: LockName, renewal: { ttlSeconds: number | null; at: string }): LockRenewed {
      const row = current(name, renewal.at);
      if (typeof row === 'string') return { outcome: row };
      const ttlSeconds = renewal.ttlSeconds ?? row.ttl_seconds;
      renew.run(ttlSeconds, after(renewal.at, ttlSeconds * 1_000), row.id);
      return { outcome: 'renewed', lock: read(row.id) };
    },
    releaseLock(name: LockName, now: string): 'released' | LockEnd {
      const row = current(name, now);
      if (typeof row === 'string') return row;
      finish(row, now);
      return 'released';
    },
    expireLocks(now: string, setBack = false): { expired: number; nextAt: string | null } {
      if (setBack) {
        shorten.run({ now });
        for (const lane of mendRank.all({ rank: Date.parse(now) })) parts.lanes.refresh(lane);
      }
      const over = expired.all(now);
      for (const row of over) finish(row, now);
      return { expired: over.length, nextAt: next.get()?.at ?? null };
    },
  };
}

function after(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}
