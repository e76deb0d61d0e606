import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSearch, type Secret } from '../../scripts/canary/search.ts';
import type { CommandDeclaration } from '../../src/contract/command-declaration.ts';
import { isFinal, type Operation } from '../../src/contract/operation.ts';
import { orgAccount } from '../../src/contract/org.ts';
import { DEFAULT_PROGRAM_LIMITS } from '../../src/contract/program-limits.ts';
import { openVault } from '../../src/vault/open.ts';
import { commandLines } from '../support/command-lines.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { registerOrg, startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/hostile.mjs', import.meta.url));
const PROCESSES = 60;
const OTHER = 'canary of another tenant, which is 1 secret';
const NEIGHBOUR = 'canary-of-another-operation';
/** No other process of this machine sleeps for so long. */
const MARK = `${600 + Math.random()}`;

const shell = (script: string, more: CommandDeclaration = {}): CommandDeclaration => ({
  ...more,
  run: ['sh', '-c', script],
});
const TELL = `
const token = process.env.SF_ACCESS_TOKEN;
const bytes = Buffer.from(token);
const lines = Buffer.from(token + '\\n').toString('base64').match(/.{1,76}/g);
const forms = [token, bytes.toString('hex'), encodeURIComponent(token), JSON.stringify({ token })];
for (const form of forms) { console.log(form); console.error('x'.repeat(450) + ' ' + form); }
for (const line of lines) { console.log(line); console.error(line); }
process.stdout.write(token.slice(0, 20));
setTimeout(() => { console.log(token.slice(20)); process.exit(3); }, 50);
`;
const COMMANDS: Record<string, CommandDeclaration> = {
  attack: { run: ['node', 'hostile.mjs', 'aims.json'], source: true },
  neighbour: shell(`echo ${NEIGHBOUR} > session.json; echo started; exec sleep ${MARK}`),
  stray: shell(
    `setsid sh -c "touch begun; sleep ${MARK}5 & sleep ${MARK}5" </dev/null >/dev/null 2>&1 & ` +
      'until test -e begun; do sleep 0.05; done; echo left',
  ),
  bomb: shell(
    `i=0; while [ $i -lt ${4 * PROCESSES} ]; do sleep ${MARK}7 & i=$((i + 1)); done; echo "no limit"`,
  ),
  tell: { run: ['node', '-e', TELL], org: true },
};

let server: TestServer;
let org: SalesforceStandIn;
let keyring: Keyring;
let echo: Server;
let root: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-host-')));
  keyring = await startKeyring();
  echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  org = await startSalesforce();
  server = await startTestServer({
    configuration: {
      isolation: 'required',
      directories: [root],
      programs: { ...DEFAULT_PROGRAM_LIMITS, processes: PROCESSES },
      commands: COMMANDS,
    },
  });
  await registerOrg(server, org);
  const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
  await vault.set(orgAccount('other', 'prod'), OTHER);
});

/** The server last: where it did not start, there is none, and the others are gone all the same. */
afterAll(async () => {
  rmSync(root, { recursive: true, force: true });
  echo.close();
  await keyring.stop();
  await org.stop();
  await server.remove();
});

async function ask(command: string, given: { org?: string; directory?: string } = {}): Promise<string> {
  const { directory, ...more } = given;
  const input = { command, ...(directory === undefined ? {} : { source: { directory } }) };
  return (await server.client.call('createOperation', { body: { task: 'command', input, ...more } })).id;
}

const show = (id: string): Promise<Operation> => server.client.call('getOperation', { params: { id } });

async function printedBy(id: string): Promise<readonly string[]> {
  const { items } = await server.client.call('listEvents', { params: { id }, query: { limit: 200 } });
  return items.flatMap(({ body }) => (body.type === 'log' ? [body.message] : []));
}

/** Waits for its end, and looks through all that is told of it. */
async function endOf(id: string): Promise<Operation> {
  await until(async () => isFinal((await show(id)).state), server.output);
  const secrets: readonly Secret[] = [
    { name: 'secret of another tenant', value: OTHER },
    { name: 'file of another operation', value: NEIGHBOUR },
    ...org.issuedTokens().map((value) => ({ name: 'access token', value })),
  ];
  const search = createSearch(secrets);
  const operation = await show(id);
  const { items } = await server.client.call('listEvents', { params: { id }, query: { limit: 200 } });
  search.through('operation', JSON.stringify(operation));
  for (const { body } of items) search.through(body.type, JSON.stringify(body));
  expect(search.finds).toEqual([]);
  return operation;
}

const asleep = (mark: string): readonly string[] =>
  commandLines().filter((line) => line.includes(`sleep ${mark}`));

describe('an operation whose command means harm', () => {
  test('reaches nothing of the server, of other work or of the machine', async () => {
    const neighbour = await ask('neighbour');
    await until(async () => (await printedBy(neighbour)).includes('started'), server.output);
    const { paths } = server;
    const workspaces = readdirSync(paths.work).map((name) => join(paths.work, name, 'command', 'run'));
    const aims = {
      vault: paths.fileVault,
      bus: keyring.environment['DBUS_SESSION_BUS_ADDRESS']?.replace('unix:path=', '') ?? '',
      socket: paths.controlSocket,
      key: paths.controlKey,
      database: paths.database,
      configuration: paths.configuration,
      otherWorkspace: workspaces.find((path) => existsSync(join(path, 'session.json'))) ?? '',
      tools: paths.tools,
    };
    mkdirSync(paths.tools, { recursive: true });
    // all of it is there, so that what is not reached is kept away
    expect(Object.values(aims).filter((path) => !existsSync(path))).toEqual([]);
    const { port } = echo.address() as AddressInfo;
    cpSync(PROGRAM, join(root, 'hostile.mjs'));
    writeFileSync(join(root, 'aims.json'), JSON.stringify({ ...aims, pid: server.pid, port }));
    const attack = await ask('attack', { directory: root });
    expect(await endOf(attack)).toMatchObject({ state: 'succeeded', result: { exitCode: 0 } });
    const tried = (await printedBy(attack)).filter((line) => line.startsWith('{'));
    expect(tried).toHaveLength(17);
    expect(tried.filter((line) => !line.endsWith('"reached":false}'))).toEqual([]);
    await server.client.call('cancelOperation', { params: { id: neighbour } });
    await endOf(neighbour);
  });

  test('leaves no process behind', async () => {
    const id = await ask('stray');
    expect(await endOf(id)).toMatchObject({ state: 'succeeded', result: { outputTail: ['left'] } });
    expect(asleep(`${MARK}5`)).toEqual([]);
  });

  test('starts no more processes than it may, and its log says so', async () => {
    const id = await ask('bomb');
    expect(await endOf(id)).toMatchObject({ state: 'failed', error: { code: 'command-failed' } });
    const printed = await printedBy(id);
    expect(printed).toContain(`It was refused more than ${PROCESSES} processes at once.`);
    expect(printed).not.toContain('no limit');
    expect(asleep(`${MARK}7`)).toEqual([]);
  });

  test('tells nobody the token that it was handed, in its log, its result or its error', async () => {
    const id = await ask('tell', { org: 'uat' });
    expect(await endOf(id)).toMatchObject({ state: 'failed', result: { exitCode: 3 } });
    expect(org.issuedTokens()).toHaveLength(1);
    expect((await printedBy(id)).filter((line) => line.includes('[redacted]')).length).toBeGreaterThan(8);
  });
});
