import type { Database } from 'better-sqlite3';
import type { JsonObject } from '../../contract/values.ts';
import type { Events } from './events.ts';
import type { Operations } from './operations.ts';
import type { StoredReport } from './port.ts';

/** What an attempt says while it runs. False: it is no longer current, and nothing is written. */
export function createReports(db: Database, parts: { events: Events; operations: Operations }) {
  const setCheckpoint = db.prepare<[string, string]>('UPDATE operations SET checkpoint = ? WHERE id = ?');
  const setProgress = db.prepare<[string, string]>('UPDATE operations SET progress = ? WHERE id = ?');
  return {
    recordReports(
      operation: string,
      attempt: number,
      reports: readonly StoredReport[],
      now: string,
    ): boolean {
      const row = parts.operations.findRunning(operation, attempt);
      if (row === null) return false;
      for (const report of reports) parts.events.append(row, now, report);
      const last = reports.findLast((report) => report.type === 'progress');
      if (last !== undefined) setProgress.run(JSON.stringify(last.progress), operation);
      return true;
    },
    recordCheckpoint(operation: string, attempt: number, checkpoint: JsonObject, now: string): boolean {
      const row = parts.operations.findRunning(operation, attempt);
      if (row === null) return false;
      setCheckpoint.run(JSON.stringify(checkpoint), operation);
      parts.events.append(row, now, { type: 'checkpoint', checkpoint });
      return true;
    },
  };
}
