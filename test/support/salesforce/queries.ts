import { type Answer, type Call, refuseCall } from './answers.ts';
import { parseSoql, type SalesforceRecord, select } from './soql.ts';

export type DataSet = Readonly<Record<string, () => readonly SalesforceRecord[]>>;

interface Cursor {
  readonly records: readonly SalesforceRecord[];
  readonly totalSize: number;
}

export interface Queries {
  /** `GET …/query?q=`; `sets`: the objects that this API knows. */
  run(call: Call, sets: DataSet, pageSize: number): Answer;
  /** `GET …/query/<cursor>-<offset>`. */
  more(call: Call, pageSize: number): Answer;
}

/** SOQL with query-more: a page names the next one until `done`. */
export function createQueries(): Queries {
  const cursors = new Map<string, Cursor>();

  const page = (base: string, id: string, offset: number, size: number): Answer => {
    const cursor = cursors.get(id);
    if (!cursor) throw refuseCall(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    const records = cursor.records.slice(offset, offset + size);
    const end = offset + records.length;
    const done = end >= cursor.records.length;
    const next = done ? {} : { nextRecordsUrl: `${base}/query/${id}-${end}` };
    return { status: 200, body: { totalSize: cursor.totalSize, done, ...next, records } };
  };

  return {
    run(call, sets, pageSize) {
      const text = call.url.searchParams.get('q');
      if (!text) throw refuseCall(400, 'MALFORMED_QUERY', 'A query string has to be specified');
      const soql = parseSoql(text);
      const base = call.url.pathname.replace(/\/query$/, '');
      const found = select(soql, recordsOf(sets, soql.object), base);
      const id = `01g${String(cursors.size + 1).padStart(12, '0')}AAA`;
      cursors.set(id, { records: soql.count ? [] : found, totalSize: found.length });
      return page(base, id, 0, pageSize);
    },
    more(call, pageSize) {
      const at = call.id.lastIndexOf('-');
      const base = call.url.pathname.replace(/\/query\/[^/]*$/, '');
      return page(base, call.id.slice(0, at), Number(call.id.slice(at + 1)), pageSize);
    },
  };
}

function recordsOf(sets: DataSet, object: string): readonly SalesforceRecord[] {
  const name = Object.keys(sets).find((known) => known.toLowerCase() === object.toLowerCase());
  if (name === undefined) throw refuseCall(400, 'INVALID_TYPE', `sObject type '${object}' is not supported.`);
  return sets[name]?.() ?? [];
}
