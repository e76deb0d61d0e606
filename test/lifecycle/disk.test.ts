import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../src/contract/errors.ts';
import { damageRootOf } from '../support/damage-page.ts';
import { runCli } from '../support/run-cli.ts';
import { startSalesforce } from '../support/salesforce/start.ts';
import { sampleMetadata } from '../support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { canMount, canMountFailingDisk, mountFailingDisk, mountSmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';

const toStop: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

const START = ['start', '--no-board', '--no-caddy'];

// a container without the right to mount is the one place where these cannot be seen
describe.runIf(canMount)('a full disk', () => {
  test('loses nothing that was accepted, is said, and when it has room again all goes on by itself', async () => {
    const disk = mountSmallDisk(160);
    toStop.push(() => disk.remove());
    const { server, org, directory } = await setUp(disk.directory);
    org.holdDeployments(true);
    const running = await server.client.call('createOperation', {
      body: { task: 'salesforce.deploy', org: 'uat', input: { source: { directory } } },
    });
    await until(() => org.calls.deployStatus > 2, server.output);

    const token = await tokenOf(server);
    disk.fill();
    const { accepted, refusal } = await enqueueUntilRefused(server);
    expect(refusal).toMatchObject({ code: 'store-unavailable', status: 503 });
    expect(await readWith(server, token)).toBe(200);
    await until(async () => {
      const { ready, checks } = await server.client.call('readiness');
      const store = checks.find(({ name }) => name === 'store');
      return !ready && /disk is full|could not be written/.test(store?.detail ?? '');
    });
    await until(async () => {
      disk.fill(); // what ends meanwhile gives a page or two back
      const { code, stdout } = await runCli(['status'], { home: server.paths.home });
      return code === 1 && stdout.includes('store');
    });
    org.holdDeployments(false);
    await until(() => {
      disk.fill();
      return /could not be stored; trying again/.test(server.output());
    }, server.output);
    const { pid } = server;

    disk.makeRoom();
    for (const id of [running.id, ...accepted]) {
      const { state, error } = await untilState(server, id, 'succeeded', 'failed', 'indeterminate');
      expect({ id, state, error }).toEqual({ id, state: 'succeeded', error: null });
    }
    await until(async () => (await server.client.call('readiness')).ready);
    expect((await server.client.call('serverStatus')).pid).toBe(pid);
    expect(org.calls.deploy).toBe(1);
  });

  test('at the start is one sentence', async () => {
    const disk = mountSmallDisk(8);
    toStop.push(() => disk.remove());
    writeFileSync(join(disk.directory, 'sfp-server.yaml'), 'vault: { provider: file }\n');
    disk.fill();
    const started = await runCli(START, { home: disk.directory });
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(/^Error: The disk is full: .*\nMake room on the disk of the home/);
  });
});

describe.runIf(canMount)('a read-only disk', () => {
  test('at the start is one sentence, and once it is writable the same home starts', async () => {
    const disk = mountSmallDisk(160);
    toStop.push(() => disk.remove());
    const { server } = await setUp(disk.directory);
    await server.stop();
    disk.remount('ro');
    const started = await runCli(START, { home: server.paths.home });
    disk.remount('rw');
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(/^Error: The disk is read-only: the home .*\nMake the disk of the home/);
    await server.start();
  });

  test.runIf(canMountFailingDisk)(
    'that becomes so while the server runs refuses what writes, says so, and lets everybody read',
    async () => {
      const disk = mountFailingDisk(200);
      toStop.push(() => disk.remove());
      const server = await startTestServer({ place: disk.directory });
      toStop.push(() => server.remove().catch(() => undefined));
      const token = await tokenOf(server);
      const { pid } = server;
      disk.fail();
      const refused = server.client.call('pauseServer', { body: { reason: 'a look' } });
      await expect(refused).rejects.toMatchObject({ code: 'store-unavailable', status: 503 });
      expect(await readWith(server, token)).toBe(200);
      await until(async () => {
        const { ready, checks } = await server.client.call('readiness');
        return !ready && checks.some(({ name, ok }) => name === 'store' && !ok);
      }, server.output);
      expect(await readWith(server, token)).toBe(200);
      expect((await server.client.call('serverStatus')).pid).toBe(pid);
    },
  );

  test.runIf(canMountFailingDisk)(
    'that is writable again while the server runs is written to again, without a restart',
    async () => {
      const disk = mountFailingDisk(200);
      toStop.push(() => disk.remove());
      const server = await startTestServer({ place: disk.directory });
      toStop.push(() => server.remove().catch(() => undefined));
      const { pid } = server;
      const wal = `${server.paths.database}-wal`;
      disk.setWritable(wal, false);
      toStop.push(() => disk.setWritable(wal, true));
      const pause = () => server.client.call('pauseServer', { body: { reason: 'a look' } });
      await expect(pause()).rejects.toMatchObject({ code: 'store-unavailable', status: 503 });
      await until(async () => !(await server.client.call('readiness')).ready, server.output);
      disk.setWritable(wal, true);
      await until(async () => (await server.client.call('readiness')).ready, server.output);
      expect(await pause()).toMatchObject({ paused: { reason: 'a look' } });
      expect((await server.client.call('serverStatus')).pid).toBe(pid);
    },
  );
});

test('a page that is found damaged while the server runs keeps it not ready, and what does not meet it is answered', async () => {
  const server = await startTestServer();
  toStop.push(() => server.remove());
  const org = await startSalesforce();
  toStop.push(() => org.stop());
  await registerOrg(server, org);
  await server.stop();
  damageRootOf(server.paths.database, 'events');
  server.launch();
  await until(async () => (await server.client.call('readiness')).checks.length > 0, server.output);
  const body = { task: 'salesforce.identity', org: 'uat', input: {} } as const;
  await expect(server.client.call('createOperation', { body })).rejects.toMatchObject({
    code: 'store-damaged',
    status: 503,
  });
  await until(async () => {
    const { ready, checks } = await server.client.call('readiness');
    const store = checks.find(({ name }) => name === 'store');
    return !ready && /damaged/.test(store?.detail ?? '');
  }, server.output);
  expect(await server.client.call('listOperations', { query: {} })).toMatchObject({ items: [] });
});

test('a damaged database ends the start with one sentence that names the remedy, and exit code 78', async () => {
  const server = await startTestServer();
  toStop.push(() => server.remove());
  await server.stop();
  writeFileSync(server.paths.database, 'no database at all '.repeat(1_000));
  const started = await runCli(START, { home: server.paths.home });
  expect(started.code).toBe(78);
  expect(started.stderr).toMatch(/^Error: The database is damaged: .*\n.*sfp-server restore FILE --replace/);
});

async function setUp(place: string) {
  const project = sampleMetadata();
  toStop.push(project.remove);
  const org = await startSalesforce();
  toStop.push(() => org.stop());
  const server = await startTestServer({
    place,
    configuration: { directories: [project.root], concurrency: 2 },
  });
  toStop.push(() => server.remove());
  await registerOrg(server, org);
  return { server, org, directory: project.directory };
}

/** Of a program that may only read, and that nobody has used yet. */
async function tokenOf(server: TestServer): Promise<string> {
  const body = { name: 'watcher', scopes: ['operations:read' as const], expiresAt: null };
  return (await server.client.call('createToken', { body })).token;
}

/** The status that a list of operations is answered with, through the door of programs. */
function readWith(server: TestServer, token: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const headers = { authorization: `Bearer ${token}` };
  get({ socketPath: server.paths.edgeSocket, path: '/api/v1/operations', headers }, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).once('error', reject);
  return promise;
}

/** A few may still fit where the database has room that is not on the disk's account any more. */
async function enqueueUntilRefused(server: TestServer) {
  const accepted: string[] = [];
  for (;;) {
    const body = { task: 'salesforce.identity', org: 'uat', input: {} } as const;
    try {
      accepted.push((await server.client.call('createOperation', { body })).id);
    } catch (error) {
      if (error instanceof AppError) return { accepted, refusal: error };
      throw error;
    }
  }
}
