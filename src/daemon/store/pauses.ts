import type { Database } from 'better-sqlite3';
import type { Pause } from '../../contract/pause.ts';
import type { LaneKey } from './lane-head.ts';
import type { NewPause } from './lane-port.ts';

const OF_LANE = `SELECT paused_by AS by, reason, paused_at AS at, operation FROM pauses
  WHERE tenant = +@tenant AND organisation = +@organisation ORDER BY number LIMIT 1`;
/** At most one by hand. */
const ADD = `INSERT INTO pauses (tenant, organisation, operation, paused_by, reason, paused_at)
  SELECT @tenant, @organisation, @operation, @by, @reason, @at
  WHERE NOT EXISTS (SELECT 1 FROM pauses WHERE tenant = @tenant AND organisation = @organisation AND operation IS @operation)`;

export type Pauses = ReturnType<typeof createPauses>;

/** What people, and operations that nobody can judge but people, keep from starting. A lane may be paused for several reasons. */
export function createPauses(db: Database) {
  const ofLane = db.prepare<[LaneKey], Pause>(OF_LANE);
  const add = db.prepare<[LaneKey & Pause]>(ADD);
  const remove = db.prepare<[LaneKey]>(
    'DELETE FROM pauses WHERE tenant = @tenant AND organisation = @organisation',
  );
  const removeOf = db.prepare<[string]>('DELETE FROM pauses WHERE operation = ?');
  const ofServer = db.prepare<[], Pause>(
    'SELECT paused_by AS by, reason, paused_at AS at, NULL AS operation FROM server_pause WHERE one = 1',
  );
  const addToServer = db.prepare<[NewPause]>(
    'INSERT OR IGNORE INTO server_pause (one, paused_by, reason, paused_at) VALUES (1, @by, @reason, @at)',
  );
  const removeFromServer = db.prepare<[]>('DELETE FROM server_pause');
  const server = (): Pause | null => ofServer.get() ?? null;

  return {
    /** The oldest that holds. */
    ofLane: ({ tenant, organisation }: LaneKey): Pause | null => ofLane.get({ tenant, organisation }) ?? null,
    add: ({ tenant, organisation }: LaneKey, { by, reason, at, operation }: Pause): void =>
      void add.run({ tenant, organisation, by, reason, at, operation }),
    removeAll: (key: LaneKey): void => void remove.run(key),
    /** Those for which this operation is the reason. */
    removeOf: (operation: string): void => void removeOf.run(operation),
    ofServer: server,
    verbs: {
      pauseServer(pause: NewPause): Pause {
        addToServer.run(pause);
        return server() ?? { ...pause, operation: null };
      },
      resumeServer: (): void => void removeFromServer.run(),
      serverPause: server,
    },
  };
}
