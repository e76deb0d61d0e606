import stringWidth from 'string-width';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  /** Colour, laid over the text after it was cut and padded. */
  readonly style?: (text: string, row: T) => string;
  readonly align?: 'right';
  /** Ids, states and times are never cut; names are, in the middle. */
  readonly whole?: boolean;
  /** A sentence is cut at its end. */
  readonly sentence?: boolean;
  /** Left out where there is no room for it: those that say `first`, then the others, each from the last. */
  readonly optional?: boolean | 'first';
  /** Below so many columns of the terminal it says nothing any more. */
  readonly narrowest?: number;
}

const GAP = '  ';
const NARROWEST = 8;
/** Below this an optional column says nothing any more. */
const NARROWEST_OPTIONAL = 16;

/** Rows in columns, no wider than the terminal; `width` Infinity (no terminal) cuts nothing. */
export function formatTable<T>(
  rows: readonly T[],
  all: readonly Column<T>[],
  options: { readonly width: number; readonly title?: (text: string) => string },
): string {
  const columns = withRoom(rows, all, options.width);
  const widths = columnWidths(rows, columns, options.width);
  const line = (cell: (column: Column<T>, width: number) => string): string =>
    columns.map((column, index) => cell(column, widths[index] ?? 0)).join(GAP);
  const title = options.title ?? ((text) => text);
  const head = line((column, width) => title(pad(truncateMiddle(column.title, width), width, column.align)));
  const body = rows.map((row) =>
    line((column, width) => {
      const cut = column.sentence ? truncateEnd : truncateMiddle;
      const text = pad(cut(column.value(row), width), width, column.align);
      return column.style ? column.style(text, row) : text;
    }),
  );
  return [head, ...body].map((text) => text.trimEnd()).join('\n');
}

function withRoom<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): readonly Column<T>[] {
  const narrowest = columns.map((column) => {
    const natural = naturalWidth(rows, column);
    if (column.whole) return natural;
    return Math.min(natural, column.narrowest ?? (column.optional ? NARROWEST_OPTIONAL : NARROWEST));
  });
  if (sum(narrowest) + GAP.length * (columns.length - 1) <= width) return columns;
  const first = columns.findLastIndex((column) => column.optional === 'first');
  const dropped = first === -1 ? columns.findLastIndex((column) => column.optional) : first;
  return dropped === -1 ? columns : withRoom(rows, columns.toSpliced(dropped, 1), width);
}

function naturalWidth<T>(rows: readonly T[], column: Column<T>): number {
  return Math.max(stringWidth(column.title), ...rows.map((row) => stringWidth(column.value(row))));
}

/** The widest columns give way first, until the line fits. */
function columnWidths<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): number[] {
  const widths = columns.map((column) => naturalWidth(rows, column));
  const room = width - GAP.length * (columns.length - 1);
  for (let over = sum(widths) - room; over > 0; over -= 1) {
    const widest = widestOf(widths, columns);
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function widestOf(widths: readonly number[], columns: readonly { readonly whole?: boolean }[]): number {
  let found = -1;
  for (const [index, width] of widths.entries()) {
    if (columns[index]?.whole || width <= NARROWEST) continue;
    if (found === -1 || width > (widths[found] ?? 0)) found = index;
  }
  return found;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** Keeps both ends, which tell names apart; counts columns of the terminal, not characters. */
export function truncateMiddle(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  if (width < 2) return '…'.slice(0, width);
  const letters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  const [start, end]: [string[], string[]] = [[], []];
  let room = width - 1;
  while (letters.length > 0) {
    const fromStart = start.length <= end.length;
    const letter = (fromStart ? letters.shift() : letters.pop()) ?? '';
    room -= stringWidth(letter);
    if (room < 0) break;
    if (fromStart) start.push(letter);
    else end.unshift(letter);
  }
  return `${start.join('')}…${end.join('')}`;
}

function truncateEnd(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) >= width) break;
    kept += segment;
  }
  return width < 1 ? '' : `${kept.trimEnd()}…`;
}
