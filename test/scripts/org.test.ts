import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const PROGRAM = fileURLToPath(new URL('../../scripts/org.ts', import.meta.url));

let server: TestServer | null = null;
let child: ChildProcess | null = null;
afterEach(async () => {
  child?.kill('SIGKILL');
  await server?.remove();
});

interface Printed {
  readonly url: string;
  readonly organisationId: string;
  readonly directory: string;
  readonly logins: readonly { readonly kind: string; readonly command: string }[];
}

test('npm run org starts an org whose printed commands log in to it, with their secrets in files, and leaves nothing', async () => {
  child = spawn(process.execPath, [PROGRAM, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await new Promise<string[]>((resolve) => {
    if (child?.stdout) createInterface(child.stdout).once('line', (text) => resolve([text]));
  });
  const { directory, logins, organisationId } = JSON.parse(line ?? '') as Printed;
  expect(logins.map(({ kind }) => kind)).toEqual(['jwt', 'sfdx-url', 'client-credentials', 'access-token']);
  expect(statSync(join(directory, 'server.key')).mode & 0o777).toBe(0o600);
  server = await startTestServer();
  for (const { command } of logins) {
    const words = command.split(' ').slice(1);
    const run = await runCli(words, { home: server.paths.home });
    expect(run, command).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(organisationId);
  }
  const exited = new Promise<number | null>((resolve) => child?.once('exit', resolve));
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(existsSync(directory)).toBe(false);
});
