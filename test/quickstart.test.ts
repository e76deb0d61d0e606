import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import keytar from 'keytar';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../scripts/quickstart/explain.ts';
import { OperationSchema } from '../src/contract/operation.ts';
import { DeployResult } from '../src/contract/tasks.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'q-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the quickstart', () => {
  test('deploys the pushed commit through Caddy and leaves nothing behind', {
    timeout: 180_000,
  }, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['scripts/quickstart.ts', '--json', '--no-build'],
      {
        env: { ...process.env, TMPDIR: directory, SFP_SERVER_URL: 'http://127.0.0.1:1' },
      },
    );
    const report: Report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

    expect(Value.Errors(OperationSchema, report.operation)).toEqual([]);
    expect(report).toMatchObject({
      operation: {
        task: 'salesforce.deploy',
        org: 'uat',
        state: 'succeeded',
        attempt: 1,
        error: null,
        origin: { kind: 'hook' },
        labels: { pusher: 'ada' },
      },
      edge: 'caddy',
      vault: 'keychain',
      hookStatus: 202,
      hookUrl: expect.stringMatching(/^https:\/\/localhost:\d+\/hooks\/github$/),
      deployRequests: 1,
    });

    const result = report.operation.result as DeployResult;
    expect(Value.Errors(DeployResult, result)).toEqual([]);
    expect(result).toMatchObject({ status: 'Succeeded', commitId: report.pushedCommit, resumed: false });
    expect(result.deploymentId).toMatch(/^0Af/);
    expect(result.components.total).toBeGreaterThanOrEqual(5);
    expect(result.components.deployed).toBe(result.components.total);
    expect(result.tests).toEqual({ total: 34, completed: 34, failed: 0 });

    // created, running, at least one step and one progress, and the end
    expect(report.eventsReceived).toBeGreaterThanOrEqual(5);
    expect(report.liveSessions).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    expect(await keytar.findCredentials(`sfp-server:${report.home}`)).toEqual([]);
    expect(await processesBelow(directory)).toEqual([]);
  });
});

/** Programs that were given the directory, such as a daemon, Caddy or Git. */
async function processesBelow(path: string): Promise<string[]> {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const lines = await Promise.all(
    found.map((pid) =>
      Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8'))).then(
        (texts) => texts.join('\0'),
        () => '',
      ),
    ),
  );
  return lines.filter((line) => line.includes(path)).map((line) => line.replaceAll('\0', ' ').slice(0, 200));
}
