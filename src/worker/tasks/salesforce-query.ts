import { QueryInput } from '../../contract/tasks.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import { DEFAULT_API_VERSION } from '../salesforce/connection.ts';
import { runQuery } from '../salesforce/query.ts';
import { withOrg } from '../session/with-org.ts';
import { readInput } from '../task-input.ts';
import { succeeded, type TaskWork } from '../work.ts';

const DEFAULT_MAX_RECORDS = 2_000;

/** Runs SOQL and keeps the records as the result. */
export async function query(work: TaskWork): Promise<Outcome> {
  const { report, signal } = work;
  const { soql, maxRecords = DEFAULT_MAX_RECORDS, apiVersion } = readInput(QueryInput, work.assignment.input);
  return withOrg(work, { version: apiVersion ?? DEFAULT_API_VERSION, signal }, (org) =>
    report.step('query', 'Run the query', async (end) => {
      const fetched = (done: number, total: number): void =>
        report.progress({ done, total, unit: 'records', message: '' });
      const result = await runQuery(org, { soql, maxRecords, signal, fetched });
      end.detail = `${result.records.length} of ${result.totalSize} records in ${result.pages} pages`;
      return succeeded({ ...result });
    }),
  );
}
