import type { StoredReport } from '../store/port.ts';

/** Reports in one transaction: more than a worker's window, so that one fsync pays for a whole window. */
const BATCH_LIMIT = 128;

export interface ReportRecorder {
  /** `number` null: not a report of the worker but a line that it printed. */
  add(report: StoredReport, number: number | null): void;
  /** Resolves when everything that was added is on disk, or was refused. */
  flush(): Promise<void>;
}

export interface RecorderParts {
  /** False: the attempt is no longer current. */
  readonly record: (reports: readonly StoredReport[]) => Promise<boolean>;
  readonly acknowledge: (upTo: number) => void;
  /** Nothing more will be recorded; called once. */
  readonly refused: (error: unknown) => void;
}

/** Records in the order of arrival; what arrives while a transaction is under way goes into the next one together. */
export function createReportRecorder(parts: RecorderParts): ReportRecorder {
  let pending: { readonly report: StoredReport; readonly number: number | null }[] = [];
  let recording: Promise<void> | null = null;
  let refused = false;

  const refuse = (error: unknown): void => {
    refused = true;
    pending = [];
    parts.refused(error);
  };
  const recordAll = async (): Promise<void> => {
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH_LIMIT);
      const current = await parts.record(batch.map((one) => one.report));
      if (!current) return refuse(null);
      const upTo = batch.findLast((one) => one.number !== null)?.number;
      if (upTo !== undefined && upTo !== null) parts.acknowledge(upTo);
    }
  };
  return {
    add(report, number) {
      if (refused) return;
      pending.push({ report, number });
      recording ??= recordAll()
        .catch(refuse)
        .finally(() => {
          recording = null;
        });
    },
    async flush() {
      while (recording !== null) await recording;
    },
  };
}
