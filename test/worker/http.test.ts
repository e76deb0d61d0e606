import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { OrgSilence } from '../../src/worker/salesforce/failures.ts';
import { ANSWER_LIMIT_BYTES, createHttp } from '../../src/worker/salesforce/http.ts';

let server: Server | null = null;

afterEach(() => void server?.close().closeAllConnections());

/** A host that answers so, packed. */
async function ask(text: Buffer) {
  const host = createServer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
  }).listen(0, '127.0.0.1');
  server = host;
  await new Promise((resolve) => host.once('listening', resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/`;
  return createHttp()({ method: 'GET', url, headers: {}, body: null, timeoutMs: 60_000, signal: null });
}

test('an answer is read to its end', async () => {
  expect(await ask(Buffer.from('{"name":"Zoë"}'))).toMatchObject({ status: 200, body: '{"name":"Zoë"}' });
});

test('an answer that grows beyond every measure when it is unpacked is read no further', async () => {
  const answer = ask(Buffer.alloc(ANSWER_LIMIT_BYTES + 1, 32));
  await expect(answer).rejects.toThrow(OrgSilence);
  await expect(answer).rejects.toThrow(/its answer has more than 67108864 bytes/);
});
