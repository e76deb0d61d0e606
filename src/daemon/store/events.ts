import type { Database } from 'better-sqlite3';
import type { EventBody, OperationEvent, Position } from '../../contract/event.ts';
import type { EventFilter } from './port.ts';

interface EventRow {
  readonly seq: number;
  readonly operation: string;
  readonly tenant: string;
  readonly org: string | null;
  readonly attempt: number;
  readonly at: string;
  readonly body: string;
}

/** Of which operation and attempt an event speaks. */
export interface EventSubject {
  readonly id: string;
  readonly tenant: string;
  readonly org: string | null;
  readonly attempt: number;
}

export type Events = ReturnType<typeof createEvents>;

/** The history. What is appended is also kept aside, in order, for those who listen to commits. */
export function createEvents(db: Database) {
  const insert = db.prepare<[string, string, string | null, number, string, string]>(
    'INSERT INTO events (operation, tenant, org, attempt, at, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const list = (condition: string) =>
    db.prepare<[EventFilter], EventRow>(
      `SELECT * FROM events WHERE ${condition} AND seq > +@afterSeq ORDER BY seq LIMIT @limit`,
    );
  const ofTenant = list('tenant = +@tenant');
  const ofOrg = list('tenant = +@tenant AND org = +@org');
  // the plus keeps the index of the operation: the tenant's would walk through all of its history
  const ofOperation = list('operation = +@operation AND +tenant = @tenant AND (@org IS NULL OR +org = @org)');
  const position = db.prepare<[], Position>(
    "SELECT epoch, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS seq FROM meta",
  );
  const prunedUpTo = db.prepare<[], { seq: number }>('SELECT pruned_up_to AS seq FROM meta');
  let appended: OperationEvent[] = [];

  return {
    append(subject: EventSubject, at: string, body: EventBody): void {
      const { id, tenant, org, attempt } = subject;
      const { lastInsertRowid } = insert.run(id, tenant, org, attempt, at, JSON.stringify(body));
      appended.push({ seq: Number(lastInsertRowid), operation: id, tenant, org, attempt, at, body });
    },
    /** How many events the transaction holds by now, to come back to with `keep`. */
    held: (): number => appended.length,
    /** A request was rolled back: its events never were. */
    keep(count: number): void {
      appended.length = count;
    },
    /** After the commit. */
    take(): OperationEvent[] {
      const taken = appended;
      appended = [];
      return taken;
    },
    listEvents(filter: EventFilter): readonly OperationEvent[] {
      const statement = filter.operation !== null ? ofOperation : filter.org !== null ? ofOrg : ofTenant;
      return statement.all(filter).map((row) => ({ ...row, body: JSON.parse(row.body) as EventBody }));
    },
    position: (): Position => required(position.get()),
    prunedUpTo: (): number => required(prunedUpTo.get()).seq,
  };
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('The table meta has lost its row.');
  return row;
}
