import type { Database } from 'better-sqlite3';
import { encodeTime } from 'ulid';
import { HEAD_START_MS } from '../../contract/operation.ts';
import type { LaneKey } from './lane-head.ts';
import type { Lanes } from './lanes.ts';

const AT_ONCE = 1_000;
const TIME_CHARACTERS = 10;

const HEAD_STARTS = Object.entries(HEAD_START_MS).map(([name, ms]) => `WHEN '${name}' THEN ${ms}`);
const RANK_NOW = `@now - CASE priority ${HEAD_STARTS.join(' ')} END`;
/** An id begins with the time at which it was made, so that the index leads to what was asked for since `@from`. */
const STRAYED = `SELECT id FROM operations INDEXED BY operations_unfinished
  WHERE finished_at IS NULL AND state IN ('queued', 'running', 'scheduled') AND id > @from
    AND (state <> 'scheduled' OR attempt > 0) AND rank > ${RANK_NOW} LIMIT ${AT_ONCE}`;
const MEND = `UPDATE operations SET rank = ${RANK_NOW} WHERE id IN (${STRAYED}) RETURNING tenant, organisation`;

interface Moment {
  readonly now: number;
  readonly from: string;
}

/**
 * Work that was asked for while the clock was ahead would stand behind all that comes until that time: once the clock is right
 * again it stands as if it were asked for now, among itself by its ids. A time that people chose stays. True: there may be more.
 */
export function createStrayedRanks(db: Database, lanes: Lanes): (now: string) => boolean {
  const mend = db.prepare<[Moment], LaneKey | { tenant: string; organisation: null }>(MEND);
  return (time) => {
    const now = Date.parse(time);
    const mended = mend.all({ now, from: `op_${encodeTime(now, TIME_CHARACTERS)}` });
    const changed = new Map(mended.map((row) => [`${row.tenant} ${row.organisation}`, row]));
    for (const lane of changed.values()) lanes.refresh(lane);
    return mended.length === AT_ONCE;
  };
}
