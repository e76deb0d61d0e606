import type { Database } from 'better-sqlite3';
import type { Resolution } from '../../contract/operation.ts';
import type { OperationRow } from './operation-row.ts';

export type Resolutions = ReturnType<typeof createResolutions>;

/** What a person found out about an operation that ended indeterminate. */
export function createResolutions(db: Database) {
  const find = db.prepare<[string], Resolution>(
    'SELECT resolved_as AS "as", note, resolved_by AS by, resolved_at AS at FROM resolutions WHERE operation = ?',
  );
  const insert = db.prepare<[Resolution & { operation: string }]>(
    `INSERT INTO resolutions (operation, resolved_as, note, resolved_by, resolved_at)
     VALUES (@operation, @as, @note, @by, @at) ON CONFLICT DO NOTHING`,
  );
  return {
    of: (row: Pick<OperationRow, 'id' | 'state'>): Resolution | null =>
      row.state === 'indeterminate' ? (find.get(row.id) ?? null) : null,
    /** False: it was resolved before. */
    add: (operation: string, { as, note, by, at }: Resolution): boolean =>
      insert.run({ operation, as, note, by, at }).changes > 0,
  };
}
