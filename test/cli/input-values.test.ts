import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInput, readPairs } from '../../src/cli/input-values.ts';
import { TASKS } from '../../src/contract/tasks.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-input-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(
  assignments: readonly string[],
  file?: string,
  schema = null as Parameters<typeof readInput>[0]['schema'],
) {
  return readInput({ assignments, file, schema });
}

function fileWith(text: string): string {
  const file = join(directory, 'input.json');
  writeFileSync(file, text);
  return file;
}

describe('input from the command line', () => {
  test('is JSON where it can be read as JSON, and text otherwise', async () => {
    expect(await read(['a=true', 'b=2', 'c=["x"]', 'd=plain text', 'e=a=b', 'f='])).toEqual({
      a: true,
      b: 2,
      c: ['x'],
      d: 'plain text',
      e: 'a=b',
      f: '',
    });
  });

  test('nests by dots', async () => {
    expect(await read(['source.git.repo=crm', 'source.git.ref=main'])).toEqual({
      source: { git: { repo: 'crm', ref: 'main' } },
    });
  });

  test('goes over that of a file', async () => {
    const file = fileWith('{"soql": "SELECT Id FROM Account", "maxRecords": 5}');
    expect(await read(['maxRecords=7'], file)).toEqual({ soql: 'SELECT Id FROM Account', maxRecords: 7 });
  });

  test('stays text where the task asks for text, though it looks like a number', async () => {
    const schema = TASKS['salesforce.deploy'].input;
    const words = ['source.git.repo=crm', 'source.git.ref=1234567', 'checkOnly=true', 'apiVersion=65.0'];
    expect(await read(words, undefined, schema)).toEqual({
      source: { git: { repo: 'crm', ref: '1234567' } },
      checkOnly: true,
      apiVersion: '65.0',
    });
  });

  test.each([
    ['novalue', 'is no name=value pair'],
    ['=x', 'is no name=value pair'],
    ['a..b=1', 'is no name of an input'],
    ['__proto__.x=1', 'is no name of an input'],
  ])('%s is refused', async (word, says) => {
    await expect(read([word])).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ['{"a": ', 'holds no JSON'],
    ['[1]', 'holds no JSON object'],
  ])('a file with %s is refused', async (text, says) => {
    await expect(read([], fileWith(text))).rejects.toMatchObject({
      code: 'invalid-json',
      message: expect.stringContaining(says),
    });
  });

  test('a file that is not there is named', async () => {
    await expect(read([], join(directory, 'none.json'))).rejects.toThrow('none.json does not exist.');
  });

  test('labels stay as they are', () => {
    expect(readPairs(['pr=42', 'a=b=c'])).toEqual({ pr: '42', a: 'b=c' });
  });
});
