import { RESULT_LIMIT_BYTES } from '../../contract/operation.ts';
import type { QueryResult } from '../../contract/tasks.ts';
import type { Org } from './org.ts';
import { read } from './read.ts';

/** What the rest of the result needs besides its records. */
const ROOM_BYTES = 1_024;
/** Salesforce answers pages of 200 to 2,000 records. */
const PAGE = { least: 200, most: 2_000 };

export interface QueryWish {
  readonly soql: string;
  readonly maxRecords: number;
  readonly signal: AbortSignal;
  /** Called after every page. */
  readonly fetched: (records: number, total: number) => void;
}

interface Page {
  readonly totalSize: number;
  readonly done: boolean;
  readonly nextRecordsUrl?: string;
  readonly records: readonly Record<string, unknown>[];
}

/** Runs SOQL and fetches page after page, as many records as are wanted and as a result may hold. */
export async function runQuery(org: Org, wish: QueryWish): Promise<QueryResult> {
  const records: Record<string, unknown>[] = [];
  let bytes = ROOM_BYTES;
  let pages = 0;
  let path: string | undefined = `/query?q=${encodeURIComponent(wish.soql)}`;
  let full = false;
  let total = 0;
  while (path !== undefined && !full) {
    const page: Page = await readPage(org, path, wish);
    pages += 1;
    total = page.totalSize;
    for (const record of page.records) {
      bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
      full = records.length === wish.maxRecords || bytes > RESULT_LIMIT_BYTES;
      if (full) break;
      records.push(record);
    }
    wish.fetched(records.length, Math.min(total, wish.maxRecords));
    path = page.nextRecordsUrl;
    full ||= records.length === wish.maxRecords;
  }
  return { totalSize: total, records, pages, truncated: full && records.length < total };
}

async function readPage(org: Org, path: string, { signal, maxRecords }: QueryWish): Promise<Page> {
  const size = Math.min(PAGE.most, Math.max(PAGE.least, maxRecords));
  const headers = { 'sforce-query-options': `batchSize=${size}` };
  return (await read(org, { path, headers, signal, otherwise: 'query-failed' })) as Page;
}
