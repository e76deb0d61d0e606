import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programPath } from '../../src/config/program-path.ts';
import { orgAccount } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import { createRedaction } from '../../src/worker/redaction.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxPlace } from '../../src/worker/sandbox/place.ts';
import { runSandboxed, type SandboxOptions } from '../../src/worker/sandbox/sandbox.ts';
import { commandLines } from '../support/command-lines.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const BUBBLEWRAP = programPath('bwrap');
const PROGRAM = fileURLToPath(new URL('../fixtures/hostile.mjs', import.meta.url));
const NODE = realpathSync(process.execPath);
const MEGABYTE = 1024 * 1024;

let server: TestServer;
let keyring: Keyring;
let echo: Server;
let work: string;
let aims: string;

beforeAll(async () => {
  server = await startTestServer();
  keyring = await startKeyring();
  echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  const { paths } = server;
  const vault = await openVault({ provider: 'file', directory: paths.fileVault });
  await vault.set(orgAccount('other', 'prod'), 'canary of another tenant');
  const otherWorkspace = join(paths.work, 'w_other', 'task');
  mkdirSync(otherWorkspace, { recursive: true });
  writeFileSync(join(otherWorkspace, 'session.json'), 'canary of another operation');
  work = join(paths.work, 'w_mine', 'command');
  mkdirSync(join(work, 'home'), { recursive: true });
  aims = join(work, 'aims.json');
  const { port } = echo.address() as AddressInfo;
  writeFileSync(
    aims,
    JSON.stringify({
      pid: server.pid,
      vault: paths.fileVault,
      bus: keyring.environment['DBUS_SESSION_BUS_ADDRESS']?.replace('unix:path=', ''),
      socket: paths.controlSocket,
      key: paths.controlKey,
      database: paths.database,
      configuration: paths.configuration,
      otherWorkspace,
      tools: dirname(PROGRAM),
      port,
    }),
  );
});

afterAll(async () => {
  rmSync(join(dirname(PROGRAM), 'planted'), { force: true });
  echo.close();
  await keyring.stop();
  await server.remove();
});

function run(words: readonly string[], bubblewrap: string | null, wish: Partial<SandboxOptions> = {}) {
  const lines: string[] = [];
  const place: SandboxPlace = {
    workspace: work,
    home: { directory: join(work, 'home'), kept: false },
    files: {},
    directory: work,
    source: null,
    tools: [dirname(NODE), dirname(PROGRAM)],
    machine: { bubblewrap, marker: 'w_mine:command', environment: {} },
  };
  const end = runSandboxed(words, place, {
    onLine: (line) => void lines.push(line),
    signal: new AbortController().signal,
    network: false,
    env: { PATH: '/usr/bin:/bin', HOME: place.home.directory },
    limits: DEFAULT_SANDBOX_LIMITS,
    ...wish,
  });
  return end.then((how) => ({ ...how, lines }));
}

/** The names of what it reached, and of what it tried. */
async function attack(bubblewrap: string | null, network = false) {
  const { lines } = await run([NODE, PROGRAM, aims], bubblewrap, { network });
  const tried = lines.map((line) => JSON.parse(line) as { name: string; reached: boolean });
  return { tried: tried.length, reached: tried.flatMap(({ name, reached }) => (reached ? [name] : [])) };
}

const WITHOUT_SANDBOX = [
  'read the file vault',
  "talk to the keychain's bus",
  "read the daemon's environment",
  "read the daemon's memory",
  'see any process of the machine',
  'signal the daemon',
  'connect to the control socket',
  'read the key of the control socket',
  'open the database',
  "read another operation's workspace",
  "write into another operation's workspace",
  'read the configuration of the server',
  'change what its tools are',
  'reach a server of this machine',
];
/** What the machine's root may do beyond that. */
const AS_ROOT = ['change a setting of the kernel', 'mount something', 'make a namespace'];

describe('a program that means harm', () => {
  test('reaches nothing of the server, of other work or of the machine', async () => {
    expect(await attack(BUBBLEWRAP)).toEqual({ tried: WITHOUT_SANDBOX.length + AS_ROOT.length, reached: [] });
  });

  test('reaches servers of this machine where its task has the network, and nothing else', async () => {
    expect((await attack(BUBBLEWRAP, true)).reached).toEqual(['reach a server of this machine']);
  });

  test('reaches without a sandbox all that docs/isolation.md says is possible then', async () => {
    const { reached } = await attack(null);
    expect(reached.filter((name) => !AS_ROOT.includes(name))).toEqual(WITHOUT_SANDBOX);
  });

  test('leaves no process behind', async () => {
    const mark = `${600 + Math.random()}`;
    const script = `setsid sh -c "sleep ${mark} & sleep ${mark}" </dev/null >/dev/null 2>&1 & sleep 0.3; echo left`;
    const { lines } = await run(['sh', '-c', script], BUBBLEWRAP);
    expect(lines).toEqual(['left']);
    // bubblewrap answers a moment before the kernel has taken down the rest of the sandbox
    await until(() => !commandLines().some((line) => line.includes(`sleep ${mark}`)), undefined, 5_000);
  });

  test('fills no disk: what is not its workspace has a size, or takes nothing', async () => {
    const limits = { ...DEFAULT_SANDBOX_LIMITS, temporaryBytes: 5 * MEGABYTE };
    const fill = (place: string) =>
      `head -c 200000000 /dev/zero > ${place}/big; stat -c "${place} %s" ${place}/big`;
    const script = ['/tmp', '$HOME', '/dev/shm', '/', '/dev', '/usr', '/etc'].map(fill).join('; ');
    const { lines } = await run(['sh', '-c', script], BUBBLEWRAP, { limits });
    const sizes = lines.flatMap((line) => (/^\S+ \d+$/.test(line) ? [line.split(' ')] : []));
    expect(Object.fromEntries(sizes)).toEqual({
      '/tmp': String(5 * MEGABYTE),
      [join(work, 'home')]: String(5 * MEGABYTE),
      '/dev/shm': String(64 * MEGABYTE),
    });
  });

  test('prints its token in five encodings, and in none of them it is readable', async () => {
    const token = '00Dxx0000001gPF!AQEAQFake.Token_of-this+test/and=more';
    const redaction = createRedaction();
    redaction.register(token);
    const script = [
      'const t = process.env.TOKEN',
      'const b = Buffer.from(t)',
      "console.log([t, b.toString('base64'), b.toString('hex'), encodeURIComponent(t), JSON.stringify({ t })].join('\\n'))",
      "process.stdout.write(t.slice(0, 20)); setTimeout(() => process.stdout.write(t.slice(20) + '\\n'), 50)",
    ].join('; ');
    const { lines } = await run([NODE, '-e', script], BUBBLEWRAP, {
      env: { PATH: '/usr/bin:/bin', TOKEN: token },
    });
    expect(lines).toHaveLength(6);
    const bytes = Buffer.from(token);
    const forms = [token, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(token)];
    const readable = lines
      .map(redaction.text)
      .filter((line) => forms.some((form) => line.includes(form.slice(4, 24))));
    expect(readable).toEqual([]);
  });
});
