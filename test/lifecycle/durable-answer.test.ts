import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSalesforce } from '../support/salesforce/start.ts';
import { registerOrg, startTestServer } from '../support/server.ts';

/** A container without the right to trace is the one place where this cannot be seen. */
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

test.runIf(canTrace)('the disk has the operation before the client has its 202', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-trace-'));
  const org = await startSalesforce();
  const server = await startTestServer({
    under: [
      'strace',
      '-D',
      '-ff',
      '-ttt',
      '-s',
      '400',
      '-e',
      'trace=fdatasync,fsync,read,recvfrom,write,writev,sendto,sendmsg',
      '-o',
      join(directory, 'trace'),
    ],
  });
  try {
    await registerOrg(server, org);
    const operation = await server.client.call('createOperation', {
      body: { task: 'salesforce.identity', org: 'uat', input: {} },
      headers: { 'idempotency-key': 'traced-request' },
    });
    await server.stop();

    const calls = readCalls(directory);
    const arrived = calls.findIndex(
      ({ text }) => /^(read|recvfrom)\(/.test(text) && text.includes('traced-request'),
    );
    const answered = calls.findIndex(
      ({ text }, at) =>
        at > arrived && /^(write|writev|sendto|sendmsg)\(/.test(text) && text.includes('202 Accepted'),
    );
    expect(arrived).toBeGreaterThanOrEqual(0);
    expect(answered, `no 202 for ${operation.id} after its request`).toBeGreaterThan(arrived);
    const between = calls
      .slice(arrived, answered)
      .filter(({ text }) => /^f(data)?sync\(\d+\)\s+= 0/.test(text));
    expect(between.length).toBeGreaterThan(0);
  } finally {
    await server.remove();
    await org.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

interface Call {
  readonly at: number;
  readonly text: string;
}

/** The calls of all threads in the order of their start, one file per thread. */
function readCalls(directory: string): Call[] {
  return readdirSync(directory)
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n'))
    .flatMap((line) => {
      const match = /^(\d+\.\d+) (.*)$/.exec(line);
      return match ? [{ at: Number(match[1]), text: match[2] ?? '' }] : [];
    })
    .sort((a, b) => a.at - b.at);
}
