import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCaddy, startCaddy, validateCaddyfile } from '../../src/cli/caddy.ts';
import { AppError } from '../../src/contract/errors.ts';
import { edgeUrl, renderCaddyfile } from '../../src/edge/render.ts';
import { edgeConfiguration, freePort, startEcho, temporaryHome } from '../support/caddy-home.ts';

let home: ReturnType<typeof temporaryHome>;
let cleanUps: (() => Promise<unknown> | unknown)[];

beforeEach(() => {
  home = temporaryHome();
  cleanUps = [];
});
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  home.remove();
});

async function plainOptions() {
  const configuration = edgeConfiguration({ port: await freePort(), tls: 'off' });
  return {
    paths: home.paths,
    caddyfile: renderCaddyfile(configuration, home.paths),
    url: edgeUrl(configuration.edge),
    log: () => {},
  };
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}

describe('Caddy as a child process', () => {
  it('is found with its version', async () => {
    expect(await findCaddy()).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+/) });
  });

  it('is not found where PATH does not lead to it, and a start says how to get it', async () => {
    const path = process.env['PATH'] ?? '';
    cleanUps.push(() => {
      process.env['PATH'] = path;
    });
    const options = await plainOptions();
    process.env['PATH'] = home.paths.home;
    expect(await findCaddy()).toBeNull();
    const failure = await failureOf(startCaddy(options));
    expect(failure.code).toBe('caddy-missing');
    expect(failure.hint).toContain('apt-get install caddy');
  });

  it('answers when the start resolves, ends with stop, and is stopped twice without harm', async () => {
    const options = await plainOptions();
    const upstream = await startEcho(home.paths.edgeSocket);
    cleanUps.push(() => upstream.close());
    const caddy = await startCaddy(options);
    cleanUps.push(() => caddy.stop());
    expect((await fetch(`${options.url}/healthz`)).status).toBe(200);
    await Promise.all([caddy.stop(), caddy.stop()]);
    expect(await caddy.exited).toBe(0);
    await expect(fetch(`${options.url}/healthz`)).rejects.toThrow();
    await caddy.stop();
  });

  it('writes only below the home', async () => {
    const caddy = await startCaddy(await plainOptions());
    cleanUps.push(() => caddy.stop());
    expect(readdirSync(home.paths.home).sort()).toEqual(['Caddyfile', 'logs', 'run', 'state']);
  });

  it('says that its port is in use, and leaves nothing running', async () => {
    const options = await plainOptions();
    const port = Number(new URL(options.url).port);
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    cleanUps.push(() => holder.close());
    const failure = await failureOf(startCaddy(options));
    expect(failure.code).toBe('port-in-use');
    expect(failure.message).toContain(String(port));
    expect(existsSync(home.paths.caddyAdmin)).toBe(false);
  });

  it('says so too where the port belongs to the Caddy of another home', async () => {
    const options = await plainOptions();
    const caddy = await startCaddy(options);
    cleanUps.push(() => caddy.stop());
    const other = temporaryHome();
    cleanUps.push(() => other.remove());
    const failure = await failureOf(startCaddy({ ...options, paths: other.paths }));
    expect(failure.code).toBe('port-in-use');
  });

  it('refuses a Caddyfile that it does not understand, in its own words', async () => {
    const options = { ...(await plainOptions()), caddyfile: 'localhost {\n\tnonsense\n}\n' };
    const failure = await failureOf(startCaddy(options));
    expect(failure.code).toBe('caddy-failed');
    expect(failure.message).toContain('nonsense');
    const file = join(home.paths.caddyData, 'other');
    writeFileSync(file, 'localhost {\n');
    expect((await failureOf(validateCaddyfile(file))).code).toBe('caddy-failed');
  });

  it('that a killed parent left is ended at the next start', async () => {
    const options = await plainOptions();
    const upstream = await startEcho(home.paths.edgeSocket);
    cleanUps.push(() => upstream.close());
    const program = fileURLToPath(new URL('../fixtures/caddy/start-and-wait.ts', import.meta.url));
    const parent = spawn(process.execPath, [program, home.paths.home, options.caddyfile, options.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect((await fetch(`${options.url}/healthz`)).status).toBe(200);

    const caddy = await startCaddy(options);
    cleanUps.push(() => caddy.stop());
    expect((await fetch(`${options.url}/healthz`)).status).toBe(200);
    await caddy.stop();
    await expect(fetch(`${options.url}/healthz`)).rejects.toThrow();
  });

  it('starts over what lies in the place of its admin socket', async () => {
    const options = await plainOptions();
    writeFileSync(home.paths.caddyAdmin, '');
    const caddy = await startCaddy(options);
    cleanUps.push(() => caddy.stop());
    expect(existsSync(home.paths.caddyAdmin)).toBe(true);
  });
});
