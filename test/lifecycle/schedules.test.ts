import { appendFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import type { Operation } from '../../src/contract/operation.ts';
import type { ScheduleView } from '../../src/contract/schedule.ts';
import { runCli } from '../support/run-cli.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const EVERY_SECOND = {
  cron: '* * * * * *',
  overlap: 'queue',
  catchUp: 'once',
  task: 'salesforce.identity',
  org: 'uat',
  maxAttempts: 1,
};
const KILLS = 4;

let server: TestServer;
afterEach(async () => server.remove());

describe('a daemon with a schedule of every second', () => {
  test('that is killed again and again makes at most one operation of each tick, and loses none it made', async () => {
    server = await startTestServer({
      configuration: { orgs: { uat: {} }, schedules: { pulse: EVERY_SECOND } },
    });
    await registerUnreachableOrg();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = (await scheduled()).length;
      await until(async () => (await scheduled()).length > before, server.output);
      await until(() => Date.now() % 1_000 < 30); // about when the next tick is written
      await server.kill();
      await server.start();
    }

    const ticks = (await scheduled()).map(({ origin }) => origin.tick);
    expect(ticks.length).toBeGreaterThanOrEqual(KILLS);
    expect(new Set(ticks).size).toBe(ticks.length);
    const [shown] = (await server.client.call('listSchedules')).items;
    expect(shown?.lastRun?.outcome).toBe('created');

    await server.stop();
    expect(halfTicks()).toEqual({ withoutOperation: 0, withoutTick: 0 });
  });
});

describe('sfp-server schedule list', () => {
  test('shows what comes next and what came last, and what a reload has added', async () => {
    server = await startTestServer({ configuration: { orgs: { uat: {} } } });
    const home = server.paths.home;
    expect((await runCli(['schedule', 'list'], { home })).stdout).toBe(
      'There is no schedule. Declare one under schedules: in sfp-server.yaml.\n',
    );

    appendFileSync(server.paths.configuration, `schedules: ${JSON.stringify({ pulse: EVERY_SECOND })}\n`);
    process.kill(server.pid, 'SIGHUP');
    await until(async () => {
      const { items } = await server.client.call('listSchedules');
      return items[0]?.lastRun?.outcome === 'refused';
    }, server.output);

    const table = await runCli(['schedule', 'list'], { home });
    expect(table.stdout).toMatch(/^NAME +CRON +WORK +NEXT RUN +LAST RUN +LAST OPERATION\n/);
    expect(table.stdout).toMatch(
      /pulse +\* \* \* \* \* \* UTC +salesforce\.identity → uat +(in|due) .* +(20\d\d-\d\d-\d\d )?\d\d:\d\d refused/,
    );
    expect(table.stderr).toContain('The last run of pulse was refused: No org "uat" is known here.');
    const { result } = JSON.parse((await runCli(['schedule', 'list', '--json'], { home })).stdout) as {
      result: { schedules: readonly ScheduleView[] };
    };
    expect(result.schedules).toMatchObject([{ name: 'pulse', lastOperation: null }]);
  });

  test('a file with a schedule that never comes changes nothing, and the log names the place', async () => {
    server = await startTestServer({
      configuration: { orgs: { uat: {} }, schedules: { daily: { ...EVERY_SECOND, cron: '@daily' } } },
    });
    appendFileSync(
      server.paths.configuration,
      '  never: { cron: "0 0 30 2 *", task: salesforce.identity, org: uat }\n',
    );
    process.kill(server.pid, 'SIGHUP');
    await until(() => server.output().includes('never comes'), server.output);
    expect(server.output()).toMatch(/sfp-server\.yaml:\d+:18: \\"0 0 30 2 \*\\" never comes/);
    const { items } = await server.client.call('listSchedules');
    expect(items.map(({ name }) => name)).toEqual(['daily']);
  });
});

/** Nothing listens there: its operations fail at once, which is as good as any end. */
async function registerUnreachableOrg(): Promise<void> {
  await server.client.call('putOrg', {
    params: { org: 'uat' },
    body: {
      kind: 'jwt',
      username: 'ci@example.com',
      instanceUrl: 'http://127.0.0.1:9',
      organisationId: '00D000000000001AAA',
    },
  });
}

/** Ticks that made an operation which is not there, and operations whose tick is not. */
function halfTicks(): unknown {
  const db = new BetterSqlite3(server.paths.database, { readonly: true });
  try {
    return db
      .prepare(
        `SELECT (SELECT count(*) FROM ticks WHERE outcome = 'created' AND operation IS NULL) AS withoutOperation,
           (SELECT count(*) FROM operations WHERE origin ->> 'kind' = 'schedule'
              AND NOT EXISTS (SELECT 1 FROM ticks WHERE operation = operations.id AND tick = origin ->> 'tick')) AS withoutTick`,
      )
      .get();
  } finally {
    db.close();
  }
}

async function scheduled(): Promise<readonly Operation[]> {
  const { items } = await server.client.call('listOperations', { query: { limit: 200 } });
  return items.filter(({ origin }) => origin.kind === 'schedule');
}
