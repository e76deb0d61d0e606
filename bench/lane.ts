import { type Figure, figure, round } from './figure.ts';
import { compare, openStored, operationOf, type Stored } from './stored.ts';

const MANY = 10_000;
const FEW = 10;
const TURNS = 400;
const BLOCKED = 1;
const FREE = 2;

/** Work that cannot start must not be in the way of work that can. */
export async function benchLane(): Promise<readonly Figure[]> {
  const sides = { few: blockedLane(FEW), many: blockedLane(MANY) };
  try {
    const { few, many } = compare(sides, TURNS, takeTurn);
    return [...many].map(([part, microseconds]) =>
      figure({
        name: `10,000 waiting: ${part}`,
        value: round(microseconds),
        unit: 'µs',
        baseline: { name: 'with 10', value: round(few.get(part) ?? Number.NaN) },
        method: `the store's verb in a transaction of its own, median of ${TURNS}, in turns with a lane in which 10 wait; one lane has a running exclusive operation and the waiting ones behind it, what is claimed waits in another; without fsync`,
      }),
    );
  } finally {
    sides.few.close();
    sides.many.close();
  }
}

function blockedLane(waiting: number): Stored {
  const stored = openStored(FEW);
  const lane = { organisation: '00D-blocked', mode: 'exclusive' } as const;
  stored.ask('accept', operationOf(BLOCKED, { lane }), null);
  stored.ask('claim', new Date().toISOString());
  for (let count = 0; count < waiting; count += 1) stored.ask('accept', operationOf(BLOCKED, { lane }), null);
  return stored;
}

function takeTurn(stored: Stored, time: (part: string, act: () => unknown) => void): void {
  const now = new Date().toISOString();
  stored.ask('accept', operationOf(FREE), null);
  let claimed = '';
  time('claim in another lane', () => {
    claimed = stored.ask('claim', now)?.operation.id ?? '';
  });
  stored.ask('settle', claimed, 1, { to: 'succeeded', result: {} }, now);
  time('claim, nothing may start', () => stored.ask('claim', now));
}
