import { expect, test } from 'vitest';
import { outputLines } from '../../../src/daemon/dispatch/output-lines.ts';

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const lines: string[] = [];
  for await (const line of outputLines(stream())) lines.push(line);
  return lines;
}

test('lines that arrive in pieces are put together, also within a character', async () => {
  const umlaut = Buffer.from('ü');
  expect(await linesOf('one\ntw', 'o\r\n\n', umlaut.subarray(0, 1), umlaut.subarray(1), '!')).toEqual([
    'one',
    'two',
    'ü!',
  ]);
});

test('an endless line and endless lines are cut', async () => {
  const lines = await linesOf('x'.repeat(5_000), '\n', 'line\n'.repeat(3_000), 'rest');
  expect(lines[0]).toHaveLength(2_000);
  expect(lines[0]).toMatch(/x… \(3024 more characters\)$/);
  expect(lines).toHaveLength(2_002);
  expect(lines.slice(-2)).toEqual([
    'What the worker printed after this line was left out.',
    'The worker printed 1002 more lines.',
  ]);
});

test('what looks like a secret is masked as the worker masks it', async () => {
  for (const secret of [
    '00D000000000001!AQEAQ.abc_DEF0123456789',
    'force://PlatformCLI::5Aep861token@example.my.salesforce.com',
    `5Aep861${'a'.repeat(40)}`,
    `ghp_${'a'.repeat(36)}`,
    `sfp_${'a'.repeat(43)}`,
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSJ9.c2lnbmF0dXJl',
    '-----BEGIN RSA PRIVATE KEY-----MIIE',
  ])
    expect(await linesOf(`got ${secret}`)).toEqual(['got [redacted]']);
  expect(await linesOf('Authorization: Bearer 0123456789abcdef0')).toEqual([
    'Authorization: Bearer [redacted]',
  ]);
  expect(await linesOf('https://ada:token@github.com/acme')).toEqual(['https://[redacted]@github.com/acme']);
});

test('colours are taken away', async () => {
  expect(await linesOf('\u001b[31mred\u001b[0m\n')).toEqual(['red']);
});
