import type { OperationFilter } from '../src/daemon/store/port.ts';
import { type Figure, figure, round } from './figure.ts';
import { compare, newKey, openStored, operationOf, type Stored } from './stored.ts';

const MANY = 1_000_000;
const FEW = 1_000;
const TURNS = 400;

const PAGE: OperationFilter = {
  tenant: 'default',
  states: null,
  org: null,
  task: null,
  label: null,
  limit: 50,
  cursor: null,
};
const LISTS: Readonly<Record<string, Partial<OperationFilter>>> = {
  'list all': {},
  'list by state': { states: ['failed'] },
  'list by states': { states: ['failed', 'cancelled', 'running'] },
  'list by org': { org: 'org-7' },
  'list by task': { task: 'salesforce.deploy' },
  'list by label': { label: { name: 'team', value: '3' } },
};

/** What happens all the time, with a year of ended operations in the database and with a day of them. */
export async function benchFlat(): Promise<readonly Figure[]> {
  const sides = { few: openStored(FEW), many: openStored(MANY) };
  try {
    const { few, many } = compare(sides, TURNS, takeTurn);
    return [...many].map(([part, microseconds]) =>
      figure({
        name: `1,000,000 stored: ${part}`,
        value: round(microseconds),
        unit: 'µs',
        baseline: { name: 'with 1,000', value: round(few.get(part) ?? Number.NaN) },
        method: `the store's verb in a transaction of its own, median of ${TURNS}, in turns with a database of 1,000 ended operations; without fsync, which takes as long in either`,
      }),
    );
  } finally {
    sides.few.close();
    sides.many.close();
  }
}

function takeTurn(stored: Stored, time: (part: string, act: () => unknown) => void, number: number): void {
  const now = new Date().toISOString();
  const operation = operationOf(Math.abs(number));
  const key = newKey();
  time('enqueue', () => stored.ask('accept', operation, key));
  time('enqueue, repeated key', () => stored.ask('accept', operation, key));
  time('enqueue, superseding', () =>
    stored.ask('accept', operationOf(3, { supersede: { key: 'pr-1', running: 'keep' } }), null),
  );
  let claimed = '';
  time('claim', () => {
    claimed = stored.ask('claim', now)?.operation.id ?? '';
  });
  time('settle', () => stored.ask('settle', claimed, 1, { to: 'succeeded', result: {} }, now));
  for (const [name, filter] of Object.entries(LISTS)) {
    time(name, () => stored.ask('listOperations', { ...PAGE, ...filter }));
  }
  const events = { tenant: 'default', operation: claimed, org: null, afterSeq: 0, limit: 50 };
  time('events of an operation', () => stored.ask('listEvents', events));
  time('get an operation', () => stored.ask('getOperation', 'default', claimed));
  time('orgs', () => stored.ask('listOrgs', 'default'));
  time('counts', () => stored.ask('counts', null));
}
