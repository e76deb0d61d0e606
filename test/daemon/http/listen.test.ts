import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { Client } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { controlPlace, edgePlace, listen } from '../../../src/daemon/http/listen.ts';

let paths: Paths;
let app: FastifyInstance;

beforeEach(() => {
  paths = pathsOf(mkdtempSync(join(tmpdir(), 'sfp-')));
  app = fastify();
  app.get('/', async () => 'here');
});
afterEach(async () => {
  await app.close();
  rmSync(paths.home, { recursive: true, force: true });
});

describe('a door', () => {
  test('to the owner is open to nobody else', async () => {
    await listen(app, controlPlace(paths));
    expect(modeOf(paths.controlSocket)).toBe(0o600);
    expect(modeOf(paths.controlDirectory)).toBe(0o700);
    expect(await knock(paths.controlSocket)).toBe('here');
  });

  test('to the edge is open to the group that is named', async () => {
    const { name, id } = someGroup();
    await listen(app, edgePlace(paths, null, name));
    expect(modeOf(paths.edgeSocket)).toBe(0o660);
    expect(modeOf(paths.edgeDirectory)).toBe(0o750);
    expect(statSync(paths.edgeSocket).gid).toBe(id);
    expect(statSync(paths.edgeDirectory).gid).toBe(id);
  });

  test('narrows a directory that stood wide open', async () => {
    mkdirSync(paths.controlDirectory, { recursive: true });
    chmodSync(paths.controlDirectory, 0o777);
    await listen(app, controlPlace(paths));
    expect(modeOf(paths.controlDirectory)).toBe(0o700);
  });

  test('takes the place of a socket that a killed daemon left', async () => {
    await leaveStaleSocket(paths.controlSocket);
    expect(existsSync(paths.controlSocket)).toBe(true);
    await listen(app, controlPlace(paths));
    expect(await knock(paths.controlSocket)).toBe('here');
  });

  test('never removes a file, or what a symlink points to', async () => {
    mkdirSync(paths.controlDirectory, { recursive: true });
    const file = join(paths.home, 'precious');
    writeFileSync(file, 'precious');
    symlinkSync(file, paths.controlSocket);
    await expect(listen(app, controlPlace(paths))).rejects.toMatchObject({ code: 'configuration-invalid' });
    expect(existsSync(file)).toBe(true);
    expect(existsSync(paths.controlSocket)).toBe(true);
  });

  test('says when the group does not exist', async () => {
    await expect(listen(app, edgePlace(paths, null, 'no-such-group'))).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('no-such-group'),
    });
    expect(existsSync(paths.edgeSocket)).toBe(false);
  });

  test('may be a port, and says when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    await expect(listen(app, edgePlace(paths, { host: '127.0.0.1', port }, undefined))).rejects.toMatchObject(
      {
        code: 'port-in-use',
        message: expect.stringContaining(String(port)),
      },
    );
    await new Promise((resolve) => taken.close(resolve));
  });

  test('removes its socket when it closes', async () => {
    await listen(app, controlPlace(paths));
    await app.close();
    expect(existsSync(paths.controlSocket)).toBe(false);
  });
});

/** What a process leaves that had no time to clean up: bound under another name, so that closing misses it. */
async function leaveStaleSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const server: Server = createServer().listen(`${path}.old`);
  await new Promise((resolve) => server.once('listening', resolve));

  renameSync(`${path}.old`, path);
  await new Promise((resolve) => server.close(resolve));
}

async function knock(socketPath: string): Promise<string> {
  const client = new Client('http://localhost', { socketPath });
  try {
    const { body } = await client.request({ method: 'GET', path: '/' });
    return await body.text();
  } finally {
    await client.close();
  }
}

/** Root gives files to any group; everybody else to their own. */
function someGroup(): { name: string; id: number } {
  const groups = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const own = process.getuid?.() === 0 ? 'daemon' : null;
  const [name, , id] =
    groups.find(([one, , gid]) => one === own || (own === null && Number(gid) === process.getgid?.())) ?? [];
  return { name: String(name), id: Number(id) };
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
