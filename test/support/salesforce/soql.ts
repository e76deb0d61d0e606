import { refuseCall } from './answers.ts';

export type SalesforceRecord = Readonly<Record<string, unknown>>;
type Condition = (record: SalesforceRecord) => boolean;

export interface Soql {
  readonly fields: readonly string[];
  readonly object: string;
  readonly where: Condition;
  readonly order: { readonly field: string; readonly descending: boolean } | null;
  readonly limit: number;
  readonly count: boolean;
}

const SHAPE =
  /^\s*SELECT\s+(?<fields>.+?)\s+FROM\s+(?<object>\w+)(?:\s+WHERE\s+(?<where>.+?))?(?:\s+ORDER\s+BY\s+(?<order>[\w.]+)(?<direction>\s+(?:ASC|DESC))?(?:\s+NULLS\s+(?:FIRST|LAST))?)?(?:\s+LIMIT\s+(?<limit>\d+))?\s*$/is;
const FIELD = /^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/;
const CONDITION =
  /^(?<field>[\w.]+)\s*(?<operator>!=|<=|>=|=|<|>|\s+NOT\s+IN|\s+IN|\s+LIKE)\s*(?<value>.+)$/is;

/** Reads the part of SOQL that programs use most; anything else is as malformed as it would be in an org. */
export function parseSoql(text: string): Soql {
  const part = SHAPE.exec(text)?.groups ?? malformed(text, 'unexpected token');
  const fields = (part['fields'] ?? '').split(',').map((field) => field.trim());
  const count = fields.length === 1 && /^count\(\)$/i.test(fields[0] ?? '');
  if (!count && fields.some((field) => !FIELD.test(field))) malformed(text, 'unexpected field list');
  return {
    fields: count ? [] : fields,
    object: part['object'] ?? '',
    where: part['where'] === undefined ? () => true : parseWhere(part['where']),
    order: part['order'] ? { field: part['order'], descending: /desc/i.test(part['direction'] ?? '') } : null,
    limit: part['limit'] === undefined ? Number.POSITIVE_INFINITY : Number(part['limit']),
    count,
  };
}

/** The records that a query selects, with the fields that it names. */
export function select(soql: Soql, records: readonly SalesforceRecord[], url: string): SalesforceRecord[] {
  const found = records.filter(soql.where);
  const { order } = soql;
  if (order) found.sort((a, b) => compare(read(a, order.field), read(b, order.field)));
  if (order?.descending) found.reverse();
  return found.slice(0, soql.limit).map((record) => project(soql, record, url));
}

function project(soql: Soql, record: SalesforceRecord, url: string): SalesforceRecord {
  const attributes = { type: soql.object, url: `${url}/sobjects/${soql.object}/${record['Id']}` };
  const values = soql.fields.map((field) => {
    const [first = field] = field.split('.');
    if (!(first in record)) {
      throw refuseCall(400, 'INVALID_FIELD', `No such column '${field}' on entity '${soql.object}'.`);
    }
    return [first, record[first]] as const;
  });
  return { attributes, ...Object.fromEntries(values) };
}

function parseWhere(text: string): Condition {
  const alternatives = text
    .split(/\s+OR\s+/i)
    .map((all) =>
      all.split(/\s+AND\s+/i).map((one) => parseCondition(one.trim().replace(/^\((.*)\)$/s, '$1'))),
    );
  return (record) => alternatives.some((all) => all.every((holds) => holds(record)));
}

function parseCondition(text: string): Condition {
  const part = CONDITION.exec(text)?.groups ?? malformed(text, 'unexpected condition');
  const field = part['field'] ?? '';
  const operator = (part['operator'] ?? '').trim().toUpperCase().replace(/\s+/g, ' ');
  if (operator.endsWith('IN')) {
    const values = readList(part['value'] ?? '');
    return (record) =>
      values.some((value) => compare(read(record, field), value) === 0) === (operator === 'IN');
  }
  const value = readLiteral(part['value'] ?? '');
  return (record) => holds(operator, read(record, field), value);
}

function holds(operator: string, left: unknown, right: unknown): boolean {
  if (operator === 'LIKE') return like(String(right)).test(String(left ?? ''));
  const order = compare(left, right);
  if (operator === '=') return order === 0;
  if (operator === '!=') return order !== 0;
  if (left === null || right === null) return false;
  return operator.startsWith('<')
    ? order < 0 || (operator === '<=' && order === 0)
    : order > 0 || (operator === '>=' && order === 0);
}

function like(pattern: string): RegExp {
  const text = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${text.replaceAll('%', '.*').replaceAll('_', '.')}$`, 'is');
}

function read(record: SalesforceRecord, path: string): unknown {
  const value = path
    .split('.')
    .reduce<unknown>((from, name) => (from as SalesforceRecord | null | undefined)?.[name], record);
  return value ?? null;
}

function readList(text: string): unknown[] {
  const inner = /^\((.*)\)$/s.exec(text.trim())?.[1] ?? malformed(text, 'expecting a list in brackets');
  return inner.split(',').map((value) => readLiteral(value));
}

function readLiteral(text: string): unknown {
  const value = text.trim();
  const quoted = /^'((?:[^'\\]|\\.)*)'$/s.exec(value)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gs, '$1');
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (/^null$/i.test(value)) return null;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d))?$/.test(value)) return new Date(value);
  return malformed(text, `unexpected token: '${value}'`);
}

/** A date literal makes the other side a date too. */
function compare(left: unknown, right: unknown): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  if (left instanceof Date || right instanceof Date) return Math.sign(time(left) - time(right));
  if (typeof left === 'string' && typeof right === 'string') return left.localeCompare(right);
  return (left as number) < (right as number) ? -1 : 1;
}

function time(value: unknown): number {
  return value instanceof Date ? value.getTime() : Date.parse(String(value));
}

function malformed(text: string, why: string): never {
  throw refuseCall(400, 'MALFORMED_QUERY', `\n${text.slice(0, 100)}\n^\nERROR at Row:1:Column:1\n${why}`);
}
