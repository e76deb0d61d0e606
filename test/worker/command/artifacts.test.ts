import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Kept, keepArtifacts } from '../../../src/worker/command/artifacts.ts';
import { createRedaction } from '../../../src/worker/redaction.ts';

let place: string;
let from: string;
let to: string;
let told: string[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'sfp-art-'));
  [from, to] = [join(place, 'from'), join(place, 'to')];
  for (const path of [from, to]) mkdirSync(path);
  told = [];
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(from, name), text);

/** `reading` hears every text on its way, its name behind it. */
function keep(reading: (text: string) => void = () => undefined): Promise<Kept> {
  const redaction = createRedaction();
  for (const secret of ['alpha-secret', 'beta-secret']) redaction.register(secret);
  const mask = (text: string): string => {
    reading(text);
    return redaction.text(text);
  };
  const report = { log: (_: string, message: string) => void told.push(message) };
  return keepArtifacts({ mask, report: report as never }, { from, to, globs: ['**'] });
}

const namesOf = ({ artifacts }: Kept): readonly string[] => artifacts.map(({ name }) => name);

test('two names that are the same once they are masked are two files', async () => {
  write('for alpha-secret', 'one');
  write('for beta-secret', 'two');
  const kept = await keep();
  expect(namesOf(kept)).toEqual(['for [redacted]', 'for [redacted].2']);
  expect(namesOf(kept).map((name) => readFileSync(join(to, name), 'utf8'))).toEqual(['one', 'two']);
});

test('a file that becomes a link while others are kept is not followed', async () => {
  writeFileSync(join(place, 'outside'), 'of somebody else');
  write('a', 'mine');
  write('b', 'mine too');
  const kept = await keep((text) => {
    if (text !== 'mine') return;
    rmSync(join(from, 'b'));
    symlinkSync(join(place, 'outside'), join(from, 'b'));
  });
  expect(namesOf(kept)).toEqual(['a']);
});

test('a file that cannot be kept is left out, and the others are kept', async () => {
  write('a alpha-secret', 'a file');
  mkdirSync(join(from, 'a beta-secret'));
  write('a beta-secret/b', 'below what is a file of that name already');
  write('c', 'another');
  const kept = await keep();
  expect(namesOf(kept)).toEqual(['a [redacted]', 'c']);
  expect(kept.leftOut).toBe(1);
  expect(told).toEqual([expect.stringMatching(/^a beta-secret\/b is not kept: E/)]);
});

test('a directory that is gone has nothing to keep, and says so', async () => {
  rmSync(from, { recursive: true });
  expect(await keep()).toEqual({ artifacts: [], leftOut: 1 });
  expect(told).toEqual([expect.stringMatching(/^What lies in its directory is not kept: ENOENT/)]);
});
