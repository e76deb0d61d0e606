import stringWidth from 'string-width';
import type { Line } from './paint.ts';
import { oneLine } from './words.ts';

const ROW_LIMIT = 20;
const WIDEST_CELL = 40;
const GAP = '  ';
const INDENT = '  ';

type Row = Readonly<Record<string, string>>;

/** What a query found, as a table: the first rows, as wide as the terminal, and how many are left out. */
export function recordLines(records: readonly unknown[], width: number): readonly Line[] {
  const rows = records.slice(0, ROW_LIMIT).map((record) => flat(record));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return [];
  const widths = names.map((name) =>
    Math.min(
      WIDEST_CELL,
      Math.max(...[name, ...rows.map((row) => row[name] ?? '')].map((text) => stringWidth(text))),
    ),
  );
  const line = (cell: (name: string) => string): string => {
    const cells = names.map((name, index) => fitted(cell(name), widths[index] ?? 0));
    return cut(`${INDENT}${cells.join(GAP)}`.trimEnd(), width);
  };
  const left = records.length - rows.length;
  return [
    [],
    [{ text: line((name) => name), look: 'dim' }],
    ...rows.map((row): Line => [{ text: line((name) => row[name] ?? '') }]),
    ...(left > 0
      ? [[{ text: `${INDENT}… and ${left} more, all of them with --json`, look: 'dim' } as const]]
      : []),
  ];
}

/** Fields by their names in SOQL: a field of a related record is `Owner.Name`. */
function flat(record: unknown, prefix = ''): Row {
  if (typeof record !== 'object' || record === null) return {};
  const fields = Object.entries(record).filter(([name]) => name !== 'attributes');
  return Object.assign(
    {},
    ...fields.map(([name, value]) =>
      isRecord(value) ? flat(value, `${prefix}${name}.`) : { [oneLine(prefix + name)]: cellText(value) },
    ),
  );
}

/** A related record; the rows of a subquery (`records`) stay one cell. */
function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('records' in value);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function fitted(text: string, width: number): string {
  const short = cut(text, width);
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)));
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) >= width) break;
    kept += segment;
  }
  return `${kept}…`;
}
