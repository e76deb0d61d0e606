import type { KEPT_OF_WORKER } from '../../contract/limits.ts';
import type { StoredReport } from '../store/port.ts';

/** Above its number, progress is thinned to this. */
const THINNED_MS = 10_000;

export type KeptOfWorker = Readonly<Record<keyof typeof KEPT_OF_WORKER, number>>;

export interface ReportQuota {
  /** Those of the reports that are kept; the first that is not leaves a marker in its place. */
  keep(reports: readonly StoredReport[]): readonly StoredReport[];
  /** How much was left out, as the last line of the log; null: nothing. */
  leftOut(): StoredReport | null;
}

/** One worker must not fill the history: it may go on and is heard, but what it says above its share is not written. */
export function createReportQuota(kept: KeptOfWorker): ReportQuota {
  const seen = { log: 0, step: 0, progress: 0 };
  const limits = { log: kept.logLines, step: kept.steps, progress: kept.progress };
  let progressAt = Number.NEGATIVE_INFINITY;

  const isKept = (type: StoredReport['type']): boolean => {
    seen[type] += 1;
    if (seen[type] <= limits[type]) return true;
    if (type !== 'progress' || performance.now() - progressAt < THINNED_MS) return false;
    progressAt = performance.now();
    return true;
  };
  const keepOne = (report: StoredReport): readonly StoredReport[] => {
    const { type } = report;
    if (isKept(type)) return [report];
    return type === 'progress' || seen[type] !== limits[type] + 1 ? [] : [note(reached(type, kept))];
  };
  return {
    keep: (reports) => reports.flatMap(keepOne),
    leftOut() {
      const lines = Math.max(0, seen.log - limits.log);
      const steps = Math.max(0, seen.step - limits.step);
      if (lines + steps === 0) return null;
      return note(`Left out because there was too much: ${lines} log lines, ${steps} reports of steps.`);
    },
  };
}

function reached(type: 'log' | 'step', kept: KeptOfWorker): string {
  const what = type === 'log' ? `${kept.logLines} log lines` : `${kept.steps} reports of steps`;
  return `The worker has sent ${what}; more than that is not kept.`;
}

function note(message: string): StoredReport {
  return { type: 'log', level: 'warn', message };
}
