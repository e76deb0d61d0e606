import type { Database, Statement } from 'better-sqlite3';
import type { Operation, OperationState } from '../../contract/operation.ts';
import { CORE_COLUMNS, type OperationRow, toOperation } from './operation-row.ts';
import type { OperationFilter, Page } from './port.ts';
import type { Resolutions } from './resolutions.ts';
import type { Waiting } from './waiting.ts';

/** Sorts after every id. */
const NEWEST = '~';

/** Newest first, by id (a ULID); the cursor is the last id of the page before. */
export function createListOperations(
  db: Database,
  { waiting, resolutions }: { waiting: Waiting; resolutions: Resolutions },
) {
  const statements = new Map<string, Statement<[Record<string, unknown>], OperationRow>>();
  const prepared = (sql: string) => {
    const known = statements.get(sql) ?? db.prepare<[Record<string, unknown>], OperationRow>(sql);
    statements.set(sql, known);
    return known;
  };
  return {
    listOperations(filter: OperationFilter): Page<Operation> {
      const states = filter.states === null ? [null] : [...new Set(filter.states)];
      if (states.length === 0) return { items: [], nextCursor: null };
      const found = prepared(listSql(filter, states)).all(values(filter, states));
      const rows = found.slice(0, filter.limit);
      return {
        items: rows.map((row) =>
          toOperation(row, { waitingFor: waiting.waitingFor(row), resolution: resolutions.of(row) }),
        ),
        nextCursor: found.length > filter.limit ? (rows.at(-1)?.id ?? null) : null,
      };
    },
  };
}

/** One branch per state, each cut off at the limit, so that every branch walks one index backwards and sorts nothing. */
export function listSql(filter: OperationFilter, states: readonly (OperationState | null)[]): string {
  const branches = states.map(
    (state, index) => `SELECT id FROM (${branch(filter, state === null ? null : index)})`,
  );
  return `SELECT ${CORE_COLUMNS} FROM operations WHERE id IN (${branches.join(' UNION ALL ')}) ORDER BY id DESC LIMIT @limit`;
}

function branch(filter: OperationFilter, state: number | null): string {
  const conditions = [
    state === null ? '' : ` AND o.state = @state${state}`,
    filter.org === null ? '' : ' AND o.org = @org',
    filter.task === null ? '' : ' AND o.task = @task',
  ].join('');
  return filter.label === null
    ? `SELECT o.id FROM operations AS o WHERE o.tenant = @tenant AND o.id < @before${conditions} ORDER BY o.id DESC LIMIT @limit`
    : `SELECT o.id FROM labels AS l CROSS JOIN operations AS o ON o.id = l.operation
       WHERE l.tenant = @tenant AND l.name = @label AND l.value = @value AND l.operation < @before${conditions}
       ORDER BY l.operation DESC LIMIT @limit`;
}

/** Only what the statement names is bound; one row more than asked for tells whether another page follows. */
function values(
  filter: OperationFilter,
  states: readonly (OperationState | null)[],
): Record<string, unknown> {
  return {
    tenant: filter.tenant,
    before: filter.cursor ?? NEWEST,
    limit: filter.limit + 1,
    org: filter.org,
    task: filter.task,
    label: filter.label?.name ?? null,
    value: filter.label?.value ?? null,
    ...Object.fromEntries(states.map((state, index) => [`state${index}`, state])),
  };
}
