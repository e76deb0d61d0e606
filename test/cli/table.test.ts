import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { type Column, formatTable, truncateMiddle } from '../../src/cli/table.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly note: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', value: (row) => row.id, whole: true },
  { title: 'NAME', value: (row) => row.name },
  { title: 'NOTE', value: (row) => row.note, optional: true },
];
const ROWS: readonly Row[] = [
  { id: 'op_1', name: 'short', note: 'x' },
  { id: 'op_22', name: `begin-${'漢'.repeat(30)}-end`, note: 'a sentence that goes on for quite a while' },
];

describe('a table', () => {
  test('without a terminal is not cut', () => {
    const lines = formatTable(ROWS, COLUMNS, { width: Number.POSITIVE_INFINITY }).split('\n');
    expect(lines[0]).toMatch(/^ID {5}NAME +NOTE$/);
    expect(lines[2]).toContain('quite a while');
  });

  test.each([100, 60, 40, 20])('fits %i columns, and ids stay whole', (width) => {
    const lines = formatTable(ROWS, COLUMNS, { width }).split('\n');
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(width);
    expect(lines[2]).toMatch(/^op_22 {2}begin?/);
  });

  test('leaves out what is optional where there is no room for it', () => {
    expect(formatTable(ROWS, COLUMNS, { width: 30 })).not.toContain('NOTE');
  });

  test('leaves out first what is worth least', () => {
    const columns: Column<Row>[] = [...COLUMNS, { title: 'TOOK', value: () => '12.3s', optional: 'first' }];
    const table = formatTable(ROWS, columns, { width: 38 });
    expect(table).toContain('NOTE');
    expect(table).not.toContain('TOOK');
    expect(formatTable(ROWS, columns, { width: 60 })).toContain('TOOK');
  });

  test('cuts a sentence at its end', () => {
    const columns: Column<Row>[] = [{ title: 'NOTE', value: (row) => row.note, sentence: true }];
    expect(formatTable(ROWS, columns, { width: 12 }).split('\n')[2]).toBe('a sentence…');
    expect(formatTable(ROWS, columns, { width: 60 })).toContain('quite a while');
  });

  test('keeps a column down to the width that it names', () => {
    const columns: Column<Row>[] = [
      { title: 'ID', value: () => 'x'.repeat(20), whole: true },
      { title: 'TASK', value: () => 'salesforce.deploy', optional: true, narrowest: 8 },
    ];
    expect(formatTable(ROWS, columns, { width: 30 })).toContain('TASK');
    expect(formatTable(ROWS, columns, { width: 29 })).not.toContain('TASK');
  });

  test('lays colours over what was cut and padded', () => {
    const columns: Column<Row>[] = [{ title: 'ID', value: (row) => row.id, style: (text) => `<${text}>` }];
    expect(formatTable(ROWS, columns, { width: 80 }).split('\n')[1]).toBe('<op_1 >');
  });
});

describe('a name that is too long', () => {
  test('keeps both ends', () => expect(truncateMiddle('abcdefghij', 5)).toBe('ab…ij'));
  test('is left alone where it fits', () => expect(truncateMiddle('abc', 3)).toBe('abc'));
  test('is counted in columns', () =>
    expect(stringWidth(truncateMiddle('漢字漢字', 5))).toBeLessThanOrEqual(5));
});
