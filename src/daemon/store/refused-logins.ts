import type { Database } from 'better-sqlite3';
import { cutText } from '../../contract/limits.ts';
import type { WaitingFor } from '../../contract/operation.ts';
import type { Events } from './events.ts';
import type { OperationRow } from './operation-row.ts';
import type { Pauses } from './pauses.ts';
import type { Settlement } from './port.ts';

interface AttemptOfOrg {
  readonly operation: string;
  readonly attempt: number;
  readonly tenant: string;
  readonly alias: string;
  readonly now: string;
}

/** A login that is registered in the future was, by a clock that has been set back since: beside it everything would be older. */
const STARTED_BEFORE_THE_LOGIN = `SELECT 1 FROM attempts JOIN orgs ON orgs.tenant = @tenant AND orgs.alias = @alias
  WHERE operation = @operation AND number = @attempt AND started_at < registered_at AND registered_at <= @now`;

export type RefusedLogins = ReturnType<typeof createRefusedLogins>;

/**
 * An org that refuses a login refuses it to all that wait, so their lane is paused until there is a new one. What several
 * attempts find out is told once.
 */
export function createRefusedLogins(db: Database, { pauses, events }: { pauses: Pauses; events: Events }) {
  const isOlder = db.prepare<[AttemptOfOrg], 1>(STARTED_BEFORE_THE_LOGIN).pluck();

  return {
    /** Null: the settlement says nothing of the login. Otherwise the notice, for after the move. */
    pauseLane(row: OperationRow, settlement: Settlement, now: string): (() => void) | null {
      const { id, attempt, tenant, org: alias, organisation } = row;
      const error = 'error' in settlement ? settlement.error : null;
      if (error?.code !== 'login-refused' || alias === null || organisation === null) return null;
      if (isOlder.get({ operation: id, attempt, tenant, alias, now }) !== undefined) return null;
      const note = cutText(error.message, 500);
      const pause = { by: 'the server', reason: note, at: now, operation: null, login: alias };
      if (!pauses.add({ tenant, organisation }, pause)) return null;
      const waitingFor: WaitingFor = { reason: 'credential', login: alias, note };
      return () => events.append(row, now, { type: 'waiting', waitingFor });
    },
  };
}
