import type { Database } from 'better-sqlite3';
import type { Pause } from '../../contract/pause.ts';
import type { LaneKey } from './lane-head.ts';
import type { NewPause } from './lane-port.ts';

const FIELDS = 'paused_by AS by, reason, paused_at AS at, operation, login';
const OF_LANE = `SELECT ${FIELDS} FROM pauses
  WHERE tenant = +@tenant AND organisation = +@organisation ORDER BY login IS NULL, number LIMIT 1`;
/** At most one by hand, and one for each login. */
const ADD = `INSERT INTO pauses (tenant, organisation, operation, login, paused_by, reason, paused_at)
  SELECT @tenant, @organisation, @operation, @login, @by, @reason, @at
  WHERE NOT EXISTS (SELECT 1 FROM pauses
    WHERE tenant = @tenant AND organisation = @organisation AND operation IS @operation AND login IS @login)
  ON CONFLICT DO NOTHING`;

type Given = Omit<Pause, 'login'> & { readonly login?: string | null };
type PauseRow = Required<Given>;

export type Pauses = ReturnType<typeof createPauses>;

/** What people, and operations that nobody can judge but people, keep from starting. A lane may be paused for several reasons. */
export function createPauses(db: Database) {
  const ofLane = db.prepare<[LaneKey], PauseRow>(OF_LANE);
  const add = db.prepare<[LaneKey & PauseRow]>(ADD);
  const remove = db.prepare<[LaneKey]>(
    'DELETE FROM pauses WHERE tenant = @tenant AND organisation = @organisation',
  );
  const removeOf = db.prepare<[string]>('DELETE FROM pauses WHERE operation = ?');
  const ofLogin = db.prepare<[string, string], PauseRow>(
    `SELECT ${FIELDS} FROM pauses WHERE tenant = ? AND login = ?`,
  );
  const removeOfLogin = db
    .prepare<[string, string], string>(
      'DELETE FROM pauses WHERE tenant = ? AND login = ? RETURNING organisation',
    )
    .pluck();
  const ofServer = db.prepare<[], Pause>(
    'SELECT paused_by AS by, reason, paused_at AS at, NULL AS operation FROM server_pause WHERE one = 1',
  );
  const addToServer = db.prepare<[NewPause]>(
    'INSERT OR IGNORE INTO server_pause (one, paused_by, reason, paused_at) VALUES (1, @by, @reason, @at)',
  );
  const removeFromServer = db.prepare<[]>('DELETE FROM server_pause');
  const server = (): Pause | null => ofServer.get() ?? null;

  return {
    /** One for a login before all others, because it holds up more; else the oldest. */
    ofLane: ({ tenant, organisation }: LaneKey): Pause | null =>
      toPause(ofLane.get({ tenant, organisation })),
    /** The one that holds because this login is refused. */
    ofLogin: (tenant: string, alias: string): Pause | null => toPause(ofLogin.get(tenant, alias)),
    /** False: such a one holds already. */
    add: ({ tenant, organisation }: LaneKey, { by, reason, at, operation, login = null }: Given): boolean =>
      add.run({ tenant, organisation, by, reason, at, operation, login }).changes > 0,
    removeAll: (key: LaneKey): void => void remove.run(key),
    /** There is a new login. Answers the organisations whose lanes were held up. */
    removeOfLogin: (tenant: string, alias: string): readonly string[] => removeOfLogin.all(tenant, alias),
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

function toPause(row: PauseRow | undefined): Pause | null {
  if (row === undefined) return null;
  const { login, ...pause } = row;
  return login === null ? pause : { ...pause, login };
}
