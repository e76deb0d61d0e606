import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningCaddy, startCaddy } from '../../src/cli/caddy.ts';
import { edgeUrl, renderCaddyfile } from '../../src/edge/render.ts';
import { edgeConfiguration, freePort, startEcho, temporaryHome } from '../support/caddy-home.ts';

const home = temporaryHome();
let url: string;
let upstream: Server;
let caddy: RunningCaddy;
let authority: Buffer;

beforeAll(async () => {
  const configuration = edgeConfiguration({ port: await freePort() });
  url = edgeUrl(configuration.edge);
  upstream = await startEcho(home.paths.edgeSocket);
  caddy = await startCaddy({
    paths: home.paths,
    caddyfile: renderCaddyfile(configuration, home.paths),
    url,
    log: () => {},
  });
  authority = readFileSync(`${home.paths.caddyData}/pki/authorities/local/root.crt`);
});
afterAll(async () => {
  await caddy.stop();
  upstream.closeAllConnections();
  upstream.close();
  home.remove();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request whose certificate is checked against the authority of this Caddy. */
async function send(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(
    new URL(path, url),
    {
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
      ca: authority,
      servername: 'localhost',
      agent: false,
    },
    (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    },
  );
  sent.on('error', reject);
  sent.end(options.body);
  return promise;
}

const arrived = (answer: Answer) =>
  JSON.parse(answer.body) as { url: string; bytes: number; headers: Record<string, string> };

describe('a request through Caddy', () => {
  it('reaches the edge door over TLS with a certificate of the local authority', async () => {
    const answer = await send('/api/v1/operations?limit=5', { headers: { authorization: 'Bearer x' } });
    expect(answer.status).toBe(200);
    expect(arrived(answer).url).toBe('/api/v1/operations?limit=5');
    expect(arrived(answer).headers['authorization']).toBe('Bearer x');
  });

  it('loses what it claims about its origin and its tenant, and carries what Caddy saw', async () => {
    const answer = await send('/hooks/github', {
      method: 'POST',
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-user': 'admin',
        'x-real-ip': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        'x-request-id': 'chosen',
        'sfp-tenant': 'other',
        'sfp-anything': 'x',
        'x-github-delivery': 'kept',
      },
    });
    const { headers } = arrived(answer);
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-host']).toBe(new URL(url).host);
    expect(headers['x-forwarded-proto']).toBe('https');
    expect(headers['x-github-delivery']).toBe('kept');
    for (const name of [
      'x-forwarded-user',
      'x-real-ip',
      'forwarded',
      'x-request-id',
      'sfp-tenant',
      'sfp-anything',
    ]) {
      expect(headers[name], name).toBeUndefined();
    }
  });

  it('is answered without the names of servers and with sniffing off', async () => {
    for (const path of ['/healthz', '/nothing']) {
      const { headers } = await send(path);
      expect(headers['server']).toBeUndefined();
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('is refused with a problem where no route is, also where only the control door has one', async () => {
    for (const path of [
      '/',
      '/nothing',
      '/api/v1/tokens',
      '/api/v1/status',
      '/api/v1/orgs/uat',
      '/hooks/../api/v1/status',
    ]) {
      const answer = await send(path);
      expect(answer.status, path).toBe(404);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(answer.body)).toMatchObject({ status: 404, code: 'route-not-found' });
    }
  });

  it('is refused with a problem where its body is too large for its route', async () => {
    const body = Buffer.alloc(600 * 1024);
    const answer = await send('/api/v1/operations', { method: 'POST', body });
    expect(answer.status).toBe(413);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ status: 413, code: 'body-too-large' });
  });

  it('may be larger on a hook and for an upload', async () => {
    const body = Buffer.alloc(600 * 1024);
    expect(arrived(await send('/hooks/github', { method: 'POST', body })).bytes).toBe(body.length);
    expect(arrived(await send('/api/v1/uploads', { method: 'PUT', body })).bytes).toBe(body.length);
  });

  it('for another host name is misdirected, not quietly taken', async () => {
    const answer = await send('/hooks/github', { method: 'POST', headers: { host: 'evil.test' } });
    expect(answer.status).toBe(421);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 421 });
  });

  it('leaves no header in the access log', async () => {
    await send('/api/v1/operations', { headers: { authorization: 'Bearer very-secret' } });
    const log = readFileSync(`${home.paths.logs}/access.log`, 'utf8');
    expect(log).toContain('/api/v1/operations');
    expect(log).not.toContain('very-secret');
    expect(log.toLowerCase()).not.toContain('authorization');
  });

  it('that is a WebSocket passes in both directions', async () => {
    const server = new WebSocketServer({ server: upstream, path: '/api/v1/stream' });
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
    const client = new WebSocket(`${url.replace('https', 'wss')}/api/v1/stream`, 'sfp.v1', { ca: authority });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    client.on('open', () => client.send('hello'));
    client.on('message', (data) => resolve(String(data)));
    client.on('error', reject);
    expect(await promise).toBe('echo hello');
    expect(client.protocol).toBe('sfp.v1');
    client.terminate();
    server.close();
  });

  it('while the daemon is away is answered 503 with a problem', async () => {
    const away = temporaryHome();
    const configuration = edgeConfiguration({ port: await freePort(), tls: 'off' });
    const lonely = await startCaddy({
      paths: away.paths,
      caddyfile: renderCaddyfile(configuration, away.paths),
      url: edgeUrl(configuration.edge),
      log: () => {},
    });
    try {
      const answer = await fetch(`${edgeUrl(configuration.edge)}/healthz`);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'daemon-not-running' });
    } finally {
      await lonely.stop();
      away.remove();
    }
  });
});
