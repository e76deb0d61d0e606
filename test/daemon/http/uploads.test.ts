import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlPlace, listen } from '../../../src/daemon/http/listen.ts';
import { receiveUpload } from '../../../src/daemon/http/receive-upload.ts';
import { ask, asOwner, type Doors, openDoors, until } from './open-doors.ts';

const UPLOADS = '/api/v1/uploads';
const LIMIT = 100 * 1024 * 1024;
const zip = { ...asOwner(), 'content-type': 'application/zip' };
let doors: Doors;

beforeEach(async () => {
  doors = await openDoors();
  await listen(doors.control, controlPlace(doors.paths));
});
afterEach(async () => doors.close());

describe('an upload', () => {
  test('lies on disk under its id, is known by its digest, and lasts a day', async () => {
    const content = Buffer.from('the bytes of an archive');
    const { status, body } = await ask(doors.control, 'PUT', UPLOADS, { headers: zip, body: content });
    expect(status).toBe(201);
    expect(body).toMatchObject({ bytes: content.length, sha256: sha256(content) });
    const file = join(doors.paths.uploads, body.id);
    expect(readFileSync(file)).toEqual(content);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(doors.paths.uploads)).toEqual([body.id]);
    expect(await doors.store.getUpload('default', body.id, new Date().toISOString())).toMatchObject({
      bytes: content.length,
    });
    expect(await doors.store.getUpload('other', body.id, new Date().toISOString())).toBeNull();
    const lastsMs = new Date(body.expiresAt).getTime() - Date.now();
    expect(Math.round(lastsMs / 3_600_000)).toBe(24);
  });

  test('can be deployed by its tenant, and by no other', async () => {
    const { body } = await ask(doors.control, 'PUT', UPLOADS, { headers: zip, body: 'zip' });
    const deploy = { task: 'salesforce.deploy', org: 'uat', input: { source: { upload: body.id } } };
    const mine = await ask(doors.control, 'POST', '/api/v1/operations', { headers: asOwner(), body: deploy });
    expect(mine.status).toBe(202);
    await ask(doors.control, 'PUT', '/api/v1/orgs/uat', {
      headers: asOwner('other'),
      body: registrationOfOther,
    });
    const theirs = await ask(doors.control, 'POST', '/api/v1/operations', {
      headers: asOwner('other'),
      body: deploy,
    });
    expect([theirs.status, theirs.body.code]).toEqual([422, 'upload-missing']);
    doors.clock.aheadMs = 25 * 3_600_000;
    const late = await ask(doors.control, 'POST', '/api/v1/operations', { headers: asOwner(), body: deploy });
    expect([late.status, late.body.code]).toEqual([422, 'upload-missing']);
  });

  test('of another type is refused', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const headers = { ...asOwner(), 'content-type': type };
      const answer = await ask(doors.control, 'PUT', UPLOADS, { headers, body: 'zip' });
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type']);
    }
    expect(leftBehind()).toEqual([]);
  });

  test.each(['', undefined])('that is empty is refused and leaves nothing', async (body) => {
    const answer = await ask(doors.control, 'PUT', UPLOADS, { headers: zip, body });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(leftBehind()).toEqual([]);
  });

  test('that says it is too large is refused before it is read', async () => {
    const sending = put({ 'content-length': String(LIMIT + 1) });
    sending.flushHeaders();
    const answer = await answerTo(sending);
    expect(answer).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    sending.destroy();
    expect(leftBehind()).toEqual([]);
  });

  test('that turns out too large is refused and leaves nothing', async () => {
    const sending = put({ 'transfer-encoding': 'chunked' });
    const answer = answerTo(sending);
    const megabyte = Buffer.alloc(1024 * 1024);
    Readable.from(Array.from({ length: 110 }, () => megabyte)).pipe(sending);
    expect(await answer).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    sending.destroy();
    expect(leftBehind()).toEqual([]);
  });

  test('that breaks off half-way leaves nothing, and the server goes on', async () => {
    const sending = put({ 'content-length': '1000000' });
    sending.on('error', () => {});
    sending.write(Buffer.alloc(200_000));
    await until(() => expect(bytesReceived()).toBeGreaterThan(0));
    sending.destroy();
    await until(() => expect(leftBehind()).toEqual([]));
    expect((await ask(doors.control, 'PUT', UPLOADS, { headers: zip, body: 'zip' })).status).toBe(201);
  });

  test('that never ends does not keep a door open', async () => {
    const sending = put({ 'content-length': '1000000' });
    const broken = new Promise((resolve) => sending.once('close', resolve));
    sending.on('error', () => {});
    sending.write(Buffer.alloc(200_000));
    await until(() => expect(bytesReceived()).toBeGreaterThan(0));
    await doors.control.close();
    await broken;
    await until(() => expect(leftBehind()).toEqual([]));
  });

  test('that the store cannot record leaves nothing', async () => {
    const broken = { ...doors.parts.operations, store: { ...doors.store, recordUpload: fail } };
    await expect(receiveUpload(broken, 'default', Readable.from([Buffer.from('zip')]))).rejects.toThrow(
      'full disk',
    );
    expect(leftBehind()).toEqual([]);
  });
});

const registrationOfOther = {
  kind: 'jwt',
  username: 'other@example.com',
  instanceUrl: 'https://other.my.salesforce.com',
  organisationId: '00D5g000004CbygEAC',
};

async function fail(): Promise<never> {
  throw new Error('full disk');
}

function put(headers: Record<string, string>): ClientRequest {
  return request({
    socketPath: doors.paths.controlSocket,
    path: UPLOADS,
    method: 'PUT',
    headers: { ...zip, ...headers },
  });
}

async function answerTo(sending: ClientRequest): Promise<{ status: number | undefined; body: unknown }> {
  // once the answer is there, what cannot be written any more is of no interest
  sending.on('error', () => {});
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const text = (await response.toArray()).join('');
  return { status: response.statusCode, body: JSON.parse(text) };
}

function leftBehind(): string[] {
  try {
    return readdirSync(doors.paths.uploads);
  } catch {
    return [];
  }
}

function bytesReceived(): number {
  return leftBehind().reduce((sum, name) => sum + statSync(join(doors.paths.uploads, name)).size, 0);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
