import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/contract/operation.ts';
import type { Schedule } from '../../../src/contract/schedule.ts';
import { listSchedules } from '../../../src/daemon/schedules/list.ts';
import { createSchedules, type Schedules } from '../../../src/daemon/schedules/schedules.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { type MadeParts, makeParts } from '../operations/make-parts.ts';

const NIGHTLY: Schedule = {
  cron: '0 2 * * *',
  timeZone: 'Europe/Berlin',
  task: 'salesforce.query',
  org: 'uat',
  input: { soql: 'SELECT Id FROM Account' },
  overlap: 'queue',
};

let parts: MadeParts & { store: Store };
let schedules: Schedules;
const opened: Store[] = [];

beforeEach(async () => {
  const made = await makeParts();
  parts = { ...made, configuration: () => parts.settings, now: () => parts.clock };
});
afterEach(async () => {
  await schedules.stop();
  for (const store of opened.splice(0)) await store.close();
  await parts.close();
});

/** A daemon that starts at this moment. */
async function startAt(time: string): Promise<void> {
  parts.clock = new Date(time);
  schedules = createSchedules({ ...parts, log: pino({ level: 'silent' }) });
  schedules.start();
  await schedules.look();
}

async function lookAt(time: string): Promise<void> {
  parts.clock = new Date(time);
  await schedules.look();
}

/** Down, and up again at this moment, with the file opened anew. */
async function restartAt(time: string): Promise<void> {
  await schedules.stop();
  await parts.store.close();
  parts.store = await openStore({ file: parts.paths.database });
  opened.push(parts.store);
  await startAt(time);
}

function declare(all: Readonly<Record<string, Schedule>>): void {
  parts.settings = { ...parts.settings, schedules: { ...all } };
}

async function made(): Promise<readonly Operation[]> {
  const filter = { states: null, org: null, task: null, label: null, limit: 100, cursor: null };
  const { items } = await parts.store.listOperations({ tenant: 'default', ...filter });
  return items.toReversed();
}

const ticksMade = async () => (await made()).map(({ origin }) => origin.tick);
const lastRun = async () => (await listSchedules(parts, 'default'))[0]?.lastRun;

describe('a schedule', () => {
  test('makes nothing before its time, and one operation at it, which says where it comes from', async () => {
    declare({ nightly: { ...NIGHTLY, priority: 'batch', labels: { kind: 'nightly' } } });
    await startAt('2026-06-01T12:00:00Z');
    await lookAt('2026-06-01T23:59:59Z');
    expect(await made()).toEqual([]);
    await lookAt('2026-06-02T00:00:00.004Z');
    await lookAt('2026-06-02T00:00:01Z');
    expect(await made()).toMatchObject([
      {
        task: 'salesforce.query',
        org: 'uat',
        state: 'queued',
        priority: 'batch',
        labels: { kind: 'nightly' },
        origin: { kind: 'schedule', name: 'nightly', tick: '2026-06-02T00:00:00.000Z' },
        createdAt: '2026-06-02T00:00:00.004Z',
      },
    ]);
  });

  test('runs once on the day without its hour, and once on the day with two of it', async () => {
    declare({ nightly: { ...NIGHTLY, cron: '30 2 * * *' } });
    await startAt('2026-03-28T12:00:00Z');
    for (
      let time = Date.parse('2026-03-28T23:00:00Z');
      time <= Date.parse('2026-03-29T22:00:00Z');
      time += 60_000 * 5
    )
      await lookAt(new Date(time).toISOString());
    expect(await ticksMade()).toEqual(['2026-03-29T01:00:00.000Z']);
    await restartAt('2026-10-24T12:00:00Z');
    for (
      let time = Date.parse('2026-10-24T23:00:00Z');
      time <= Date.parse('2026-10-25T22:00:00Z');
      time += 60_000 * 5
    )
      await lookAt(new Date(time).toISOString());
    expect((await ticksMade()).slice(1)).toEqual(['2026-10-25T00:30:00.000Z']);
  });

  test('is listed with its next run, its last and its last operation, to its own tenant', async () => {
    declare({ nightly: { ...NIGHTLY, overlap: 'skip' }, theirs: { ...NIGHTLY, tenant: 'other' } });
    await startAt('2026-06-01T12:00:00Z');
    expect(await listSchedules(parts, 'default')).toMatchObject([
      { name: 'nightly', nextRun: '2026-06-02T00:00:00.000Z', lastRun: null, lastOperation: null },
    ]);
    await lookAt('2026-06-02T00:00:00Z');
    await lookAt('2026-06-03T00:00:00Z');
    const [operation] = await made();
    const [shown] = await listSchedules(parts, 'default');
    expect(shown).toMatchObject({
      nextRun: '2026-06-04T00:00:00.000Z',
      lastRun: { tick: '2026-06-03T00:00:00.000Z', outcome: 'overlapped' },
      lastOperation: { id: operation?.id, state: 'queued', tick: '2026-06-02T00:00:00.000Z' },
    });
    expect((await listSchedules(parts, 'other')).map(({ name }) => name)).toEqual(['theirs']);
  });

  test('that is refused says why, keeps no other back, and tries again at its next tick', async () => {
    declare({ broken: { ...NIGHTLY, org: 'gone' }, works: NIGHTLY });
    await startAt('2026-06-01T12:00:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    expect(await lastRun()).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('"gone"') });
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z']);
  });

  test('of a command whose tool is missing says so, and is tried again at its next tick', async () => {
    const { org: _org, ...nightly } = NIGHTLY;
    declare({ nightly: { ...nightly, task: 'command', input: { command: 'import' } } });
    const commands = { import: { run: ['sf', 'data', 'import'], tools: ['sf'] } };
    parts.settings = { ...parts.settings, commands };
    await startAt('2026-06-01T12:00:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    const refused = {
      outcome: 'refused',
      detail: expect.stringContaining('The tool sf of the command import'),
    };
    expect(await lastRun()).toMatchObject(refused);
    await lookAt('2026-06-02T00:05:00Z');
    expect(await lastRun()).toMatchObject({ ...refused, tick: '2026-06-02T00:00:00.000Z' });
    await lookAt('2026-06-03T00:00:00Z');
    expect(await lastRun()).toMatchObject({ ...refused, tick: '2026-06-03T00:00:00.000Z' });
  });

  test('that comes when the queue is full makes nothing, and says so', async () => {
    declare({ nightly: NIGHTLY });
    parts.settings = { ...parts.settings, queue: { limit: 1, limitPerTenant: 1 } };
    await startAt('2026-06-01T12:00:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    await lookAt('2026-06-03T00:00:00Z');
    expect(await lastRun()).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('full') });
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z']);
  });

  test('that the store could not take is tried again', async () => {
    declare({ nightly: NIGHTLY });
    await startAt('2026-06-01T12:00:00Z');
    const { recordTick } = parts.store;
    let failures = 1;
    const store = {
      ...parts.store,
      recordTick: async (...given: Parameters<typeof recordTick>) => {
        const recorded = await recordTick(...given);
        if (failures-- > 0) throw new Error('committed, but the caller saw an error');
        return recorded;
      },
    };
    await schedules.stop();
    schedules = createSchedules({ ...parts, store, log: pino({ level: 'silent' }) });
    schedules.start();
    await lookAt('2026-06-02T00:00:00Z');
    await lookAt('2026-06-02T00:00:01Z');
    expect(failures).toBe(-1);
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z']);
  });
});

describe('after the server was down at its time, a schedule', () => {
  test('of catchUp skip waits for its next time, and says what it missed', async () => {
    declare({ nightly: NIGHTLY });
    await startAt('2026-06-01T12:00:00Z');
    await restartAt('2026-06-04T08:00:00Z');
    expect(await made()).toEqual([]);
    expect(await lastRun()).toEqual({ tick: '2026-06-04T00:00:00.000Z', outcome: 'missed', detail: null });
    await lookAt('2026-06-05T00:00:00Z');
    expect(await ticksMade()).toEqual(['2026-06-05T00:00:00.000Z']);
  });

  test('of catchUp once runs once, for the newest of all that it missed, however often it is restarted', async () => {
    declare({ nightly: { ...NIGHTLY, catchUp: 'once' } });
    await startAt('2026-06-01T12:00:00Z');
    await restartAt('2026-06-04T08:00:00Z');
    await restartAt('2026-06-04T08:00:05Z');
    await restartAt('2026-06-04T09:00:00Z');
    expect(await ticksMade()).toEqual(['2026-06-04T00:00:00.000Z']);
  });

  test('loses nothing to a restart that took less than a minute', async () => {
    declare({ nightly: NIGHTLY });
    await startAt('2026-06-01T23:59:58Z');
    await restartAt('2026-06-02T00:00:20Z');
    await restartAt('2026-06-02T00:00:40Z');
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z']);
  });
});

describe('when the configuration is read again, a schedule', () => {
  test('that is new runs from then on, and one that is gone does not', async () => {
    declare({ nightly: { ...NIGHTLY, catchUp: 'once' } });
    await startAt('2026-06-01T12:00:00Z');
    declare({ noon: { ...NIGHTLY, cron: '0 12 * * *', timeZone: 'UTC', catchUp: 'once' } });
    await lookAt('2026-06-01T13:00:00Z');
    await lookAt('2026-06-02T12:00:00Z');
    expect(await ticksMade()).toEqual(['2026-06-02T12:00:00.000Z']);
  });

  test('that comes at other times catches none of them up', async () => {
    declare({ nightly: { ...NIGHTLY, catchUp: 'once' } });
    await startAt('2026-06-02T12:00:00Z');
    declare({ nightly: { ...NIGHTLY, cron: '0 3 * * *', catchUp: 'once' } });
    await restartAt('2026-06-02T13:00:00Z');
    expect(await made()).toEqual([]);
  });
});

describe('when the clock is set', () => {
  test('back, no tick runs twice', async () => {
    declare({ nightly: NIGHTLY });
    await startAt('2026-06-01T23:00:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    await lookAt('2026-06-01T23:30:00Z');
    await lookAt('2026-06-02T00:00:01Z');
    await lookAt('2026-06-03T00:00:01Z');
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z', '2026-06-03T00:00:00.000Z']);
  });

  test('ahead over a tick and back again, that tick is used up', async () => {
    declare({ nightly: NIGHTLY, caught: { ...NIGHTLY, catchUp: 'once' } });
    await startAt('2026-06-01T22:00:00Z');
    await lookAt('2026-06-02T01:00:00Z');
    await lookAt('2026-06-01T22:01:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    const runs = await listSchedules(parts, 'default');
    expect(runs.map(({ name, lastRun: last }) => [name, last?.outcome])).toEqual([
      ['caught', 'created'],
      ['nightly', 'missed'],
    ]);
    expect(await ticksMade()).toEqual(['2026-06-02T00:00:00.000Z']);
  });

  test('decades ahead and back again, the ticks in between still run, also after a restart', async () => {
    declare({ nightly: { ...NIGHTLY, catchUp: 'once' } });
    await startAt('2026-06-01T23:00:00Z');
    await lookAt('2060-01-01T12:00:00Z');
    expect(await lastRun()).toMatchObject({ tick: '2060-01-01T01:00:00.000Z', outcome: 'created' });
    await lookAt('2026-06-01T23:30:00Z');
    await lookAt('2026-06-02T00:00:00Z');
    await restartAt('2026-06-02T12:00:00Z');
    await lookAt('2026-06-03T00:00:00Z');
    expect(await ticksMade()).toEqual([
      '2060-01-01T01:00:00.000Z',
      '2026-06-02T00:00:00.000Z',
      '2026-06-03T00:00:00.000Z',
    ]);
  });
});
