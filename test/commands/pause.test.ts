import { describe, expect, test } from 'vitest';
import type { Operation } from '../../src/contract/operation.ts';
import { openStore } from '../../src/daemon/store/open.ts';
import { at, ERROR, newOperation } from '../daemon/store/home.ts';
import { type CliRun, resultOf } from '../support/run-cli.ts';
import { untilState } from '../support/server.ts';
import { startServerWithOrg } from '../support/server-with-org.ts';

const { server, cli: run } = await startServerWithOrg();

const cli = (...words: string[]): Promise<CliRun> => run(words);

async function enqueue(): Promise<string> {
  const run = await cli('enqueue', 'salesforce.identity', '-o', 'uat', '--async', '--json');
  return resultOf<Operation>(run).id;
}

describe('org pause', () => {
  test('holds work up, across a restart, until org resume lets it go on', async () => {
    const paused = await cli('org', 'pause', 'uat', '--reason', 'release');
    expect(paused).toMatchObject({ code: 0, stdout: 'uat is paused by the owner: release\n' });
    const id = await enqueue();
    await server.stop();
    await server.start();
    const shown = await cli('operation', 'show', id);
    expect(shown.stdout).toContain('it waits: its lane is paused by the owner: release');
    expect((await cli('org', 'list')).stdout).toContain('uat is paused by the owner: release');
    const resumed = await cli('org', 'resume', 'uat');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(resumed.stdout).toContain('uat is not paused: ');
    await untilState(server, id, 'succeeded');
  });

  test('of an org that nobody knows ends as its work would', async () => {
    for (const word of ['pause', 'resume']) {
      const refused = await cli('org', word, 'nowhere');
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('No org "nowhere" is known here.'),
      });
    }
  });
});

describe('operation resolve', () => {
  /** As a worker that was lost right after its call would leave it. */
  async function endIndeterminate(): Promise<string> {
    await server.stop();
    const store = await openStore({ file: server.paths.database });
    const organisation = (await store.getOrganisationId('default', 'uat')) ?? '';
    const { id } = newOperation(1, { lane: { organisation, mode: 'exclusive' } });
    await store.accept(newOperation(1, { lane: { organisation, mode: 'exclusive' } }), null);
    await store.claim(at(5));
    await store.settle(id, 1, { to: 'indeterminate', error: ERROR, result: null }, at(6));
    await store.close();
    await server.start();
    return id;
  }

  test('records what a person found, once, and lets the lane go on that waited for it', async () => {
    const id = await endIndeterminate();
    const next = await enqueue();
    const waits = await cli('operation', 'show', next);
    expect(waits.stdout).toContain(`its lane is paused until ${id} is resolved`);
    expect((await cli('operation', 'show', id)).stdout).toContain(`sfp-server operation resolve ${id}`);
    const words = ['operation', 'resolve', id, '--as', 'failed', '--note', 'the org has nothing of it'];
    expect(await cli(...words)).toMatchObject({ code: 0, stdout: `${id} is resolved as failed.\n` });
    await untilState(server, next, 'succeeded');
    const shown = await cli('operation', 'show', id);
    expect(shown.stdout).toContain('resolved as failed by the owner: the org has nothing of it');
    const again = await cli(...words, '--json');
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 1, name: 'wrong-state' });
  });
});

describe('pause', () => {
  test('holds the whole server up until resume lets it go on, and status says so', async () => {
    const paused = await cli('pause', '--reason', 'the machine moves');
    expect(paused).toMatchObject({
      code: 0,
      stdout: 'The server is paused by the owner: the machine moves\n',
    });
    const id = await enqueue();
    expect((await cli('status')).stdout).toContain('paused by the owner: the machine moves.');
    const waiting = await server.client.call('getOperation', { params: { id } });
    expect(waiting.waitingFor).toMatchObject({ reason: 'paused', scope: 'server' });
    expect(await cli('resume')).toMatchObject({ code: 0, stdout: 'The server is not paused.\n' });
    await untilState(server, id, 'succeeded');
    expect((await cli('status')).stdout).not.toContain('paused');
  });
});
