import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SalesforceStandIn, startSalesforce } from '../../support/salesforce/start.ts';
import { until } from '../../support/until.ts';
import { ACCOUNT } from '../worker-bench.ts';
import { linesOf, setUpCommands, shell } from './setting.ts';

const { bench, run, start } = setUpCommands();
let org: SalesforceStandIn | null = null;

beforeEach(async () => {
  org = await startSalesforce();
  await bench().storeSecret(ACCOUNT, JSON.stringify({ kind: 'jwt', ...org.addJwtLogin() }));
});
afterEach(async () => {
  await org?.stop();
  org = null;
});

describe('a command in an org', () => {
  const WHO = `fetch(process.env.SF_ORG_INSTANCE_URL + '/services/oauth2/userinfo', {
    headers: { authorization: 'Bearer ' + process.env.SF_ACCESS_TOKEN },
  }).then((answer) => answer.json()).then(({ username }) => {
    console.log(username);
    console.log(process.env.SF_ACCESS_TOKEN);
  })`;

  test('has a session while it runs, which then ends', async () => {
    const { outcome, worker } = await run({ run: ['node', '-e', WHO], org: true });
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { outputTail: ['ada@acme.example', '[redacted]'] },
    });
    expect(org?.liveSessions()).toBe(0);
    expect(worker.asks.map(({ kind }) => kind)).toEqual([
      'session-lock',
      'session-begin',
      'session-end',
      'session-revoked',
    ]);
  });

  test('tells nothing of its token where that goes over two lines, be it in its log, its result or its error', async () => {
    const { outcome, worker } = await run(shell('printenv SF_ACCESS_TOKEN | base64; exit 3', { org: true }));
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'command-failed' } });
    const [token = ''] = org?.issuedTokens() ?? [];
    const encoded = Buffer.from(`${token}\n`).toString('base64');
    expect(encoded.length).toBeGreaterThan(76);
    expect(worker.heard()).not.toContain(encoded.slice(0, 20));
    expect(worker.heard()).not.toContain(encoded.slice(76, 96));
  });

  test('that is ended early leaves it to a person what became of it, unless it may be done twice', async () => {
    for (const [onWorkerLoss, state] of [
      ['indeterminate', 'indeterminate'],
      ['retry', 'cancelled'],
    ] as const) {
      const worker = await start(shell('echo started; exec sleep 600', { org: true, onWorkerLoss }));
      await until(() => linesOf(worker.reports).some(({ message }) => message === 'started'));
      worker.cancel('timeout');
      expect((await worker.ended).outcome?.state).toBe(state);
    }
    expect(org?.liveSessions()).toBe(0);
  });

  test('that is ended at a limit leaves it to a person too', async () => {
    const flood = 'head -c 70000000 /dev/zero | tr "\\0" x';
    expect((await run(shell(flood, { org: true }))).outcome).toMatchObject({
      state: 'indeterminate',
      error: {
        code: 'command-unknown',
        message:
          'Whether probe changed something is not known: it was ended, because it printed more than a command may.',
      },
    });
    expect((await run(shell(flood, { org: true, onWorkerLoss: 'retry' }))).outcome).toMatchObject({
      state: 'failed',
      error: { code: 'too-large' },
    });
  });

  test('succeeds whatever becomes of a file that it should leave', async () => {
    const secrets = { one: { env: 'ONE' }, two: { env: 'TWO' } };
    for (const name of Object.keys(secrets))
      await bench().storeSecret(`secret/default/${name}`, `${name}-secret`);
    // both have one name when they are masked, and the second is to be a directory
    const leave = 'mkdir -p "out/$TWO"; echo a > "out/$ONE"; echo b > "out/$TWO/b"';
    const { outcome } = await run(shell(leave, { org: true, secrets, artifacts: ['out/**'] }));
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { artifacts: [{ name: 'out/[redacted]' }], artifactsLeftOut: 1 },
    });
  });
});

describe('the login of the sf CLI', () => {
  const SF: Parameters<typeof run>[0] = { org: true, login: 'sf', source: true };
  const PROJECT = { 'sfdx-project.json': '{}', '.sf/config.json': 'no JSON' };

  test('sees nothing of the source code, so that what lies there is no reason to fail', async () => {
    const programs = { sf: 'test ! -e .sf/config.json || { echo "no JSON"; exit 1; }' };
    const { outcome } = await run(shell('test -e .sf/config.json && echo "$SF_TARGET_ORG"', SF), {
      files: PROJECT,
      programs,
    });
    expect(outcome).toMatchObject({ state: 'succeeded', result: { outputTail: ['target'] } });
  });

  test('that fails says nothing about the login of the org, which gave a session', async () => {
    const { outcome, worker } = await run(shell('echo ran', SF), {
      files: PROJECT,
      programs: { sf: 'echo "$SF_ACCESS_TOKEN" | base64; echo no; exit 5' },
    });
    expect(outcome).toMatchObject({
      state: 'failed',
      error: {
        code: 'command-failed',
        message: expect.stringMatching(/^The sf CLI could not log in \(exit code 5\): .* \/ no$/),
      },
    });
    const encoded = Buffer.from(`${org?.issuedTokens()[0]}`).toString('base64');
    expect(worker.heard()).not.toContain(encoded.slice(0, 20));
  });
});
