import type { Database } from 'better-sqlite3';
import type { Org, OrgRegistration } from '../../contract/org.ts';
import type { LoginKind } from '../../contract/org-login.ts';
import type { LaneKey } from './lane-head.ts';
import { type LaneLocks, toLock } from './lane-locks.ts';
import type { NewPause } from './lane-port.ts';
import type { Lanes } from './lanes.ts';
import { CORE_COLUMNS, type OperationRow } from './operation-row.ts';
import { longOrganisationId } from './organisation-id.ts';
import type { Pauses } from './pauses.ts';
import type { Waiting } from './waiting.ts';

interface OrgRow {
  readonly alias: string;
  readonly tenant: string;
  readonly kind: LoginKind;
  readonly username: string;
  readonly instance_url: string;
  readonly organisation_id: string;
  readonly registered_at: string;
  readonly checked: 0 | 1;
  readonly used_at: string | null;
}

/** More of a lane than this is not shown with its org; `GET /api/v1/operations` pages through all. */
const SHOWN_OF_A_LANE = 100;

/** What is known of each org. Its lane is shown as it is at the moment of reading, and is shared by all aliases of one organisation. */
export function createOrgs(
  db: Database,
  { waiting, lanes, pauses, locks }: { waiting: Waiting; lanes: Lanes; pauses: Pauses; locks: LaneLocks },
) {
  const put = db.prepare<[Record<string, unknown>]>(
    `INSERT INTO orgs (tenant, alias, kind, username, instance_url, organisation_id, registered_at, checked)
     VALUES (@tenant, @alias, @kind, @username, @instanceUrl, @organisationId, @now, @checked)
     ON CONFLICT DO UPDATE SET kind = excluded.kind, username = excluded.username, instance_url = excluded.instance_url,
       organisation_id = excluded.organisation_id, registered_at = excluded.registered_at,
       checked = excluded.checked`,
  );
  const remove = db.prepare<[string, string]>('DELETE FROM orgs WHERE tenant = ? AND alias = ?');
  const get = db.prepare<[string, string], OrgRow>('SELECT * FROM orgs WHERE tenant = ? AND alias = ?');
  const note = db.prepare<[string, string, string]>(
    'UPDATE orgs SET used_at = ?, checked = 1 WHERE tenant = ? AND alias = ?',
  );
  const list = db.prepare<[string], OrgRow>('SELECT * FROM orgs WHERE tenant = ? ORDER BY alias');
  const inLane = db.prepare<[string, string, string], OperationRow>(
    `SELECT ${CORE_COLUMNS} FROM operations
     WHERE tenant = ? AND organisation = ? AND state = ? AND finished_at IS NULL ORDER BY rank, id LIMIT ${SHOWN_OF_A_LANE}`,
  );

  const laneOf = ({ tenant, organisation_id }: OrgRow): Org['lane'] => {
    const inState = (state: string) => inLane.all(tenant, organisation_id, state);
    return {
      paused: pauses.ofLane({ tenant, organisation: organisation_id }),
      locks: locks
        .all({ tenant, organisation: organisation_id })
        .map((row) => toLock(row, waiting.placeOfLock(row))),
      running: inState('running').map((row) => row.id),
      waiting: [...inState('queued'), ...inState('scheduled')].map((row) => ({
        operation: row.id,
        waitingFor: waiting.waitingFor(row),
      })),
    };
  };
  const loginOf = ({ tenant, alias, checked, used_at: usedAt }: OrgRow): Org['login'] => {
    const refusal = pauses.ofLogin(tenant, alias);
    const state = refusal !== null ? 'refused' : checked === 1 ? 'ok' : 'unchecked';
    return { state, refusedAt: refusal?.at ?? null, reason: refusal?.reason ?? null, usedAt };
  };
  const toOrg = (row: OrgRow): Org => ({
    alias: row.alias,
    kind: row.kind,
    username: row.username,
    instanceUrl: row.instance_url,
    organisationId: row.organisation_id,
    registeredAt: row.registered_at,
    login: loginOf(row),
    lane: laneOf(row),
  });

  /** The lane changes, and with it what may start there. */
  const changeLane = (tenant: string, alias: string, change: (key: LaneKey) => void): Org | null => {
    const row = get.get(tenant, alias);
    if (row === undefined) return null;
    const key = { tenant, organisation: row.organisation_id };
    change(key);
    lanes.refresh(key);
    return toOrg(row);
  };

  return {
    getOrganisationId: (tenant: string, alias: string): string | null =>
      get.get(tenant, alias)?.organisation_id ?? null,
    putOrg(tenant: string, alias: string, registration: OrgRegistration, now: string): Org {
      const organisationId = longOrganisationId(registration.organisationId);
      const checked = registration.checked === false ? 0 : 1;
      put.run({ ...registration, tenant, alias, organisationId, now, checked });
      for (const organisation of pauses.removeOfLogin(tenant, alias)) lanes.refresh({ tenant, organisation });
      const row = get.get(tenant, alias);
      if (row === undefined) throw new Error(`The org ${alias} was not kept.`);
      return toOrg(row);
    },
    deleteOrg: (tenant: string, alias: string): boolean => remove.run(tenant, alias).changes > 0,
    noteLogin: (tenant: string, alias: string, now: string): void => void note.run(now, tenant, alias),
    pauseLane: (tenant: string, alias: string, pause: NewPause): Org | null =>
      changeLane(tenant, alias, (key) => void pauses.add(key, { ...pause, operation: null })),
    resumeLane: (tenant: string, alias: string): Org | null => changeLane(tenant, alias, pauses.removeAll),
    listOrgs: (tenant: string): readonly Org[] => list.all(tenant).map(toOrg),
  };
}
