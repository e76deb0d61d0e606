import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicFactory } from 'ulid';
import { createEngine, type Verb, type Verbs } from '../src/daemon/store/engine.ts';
import { createGroupCommit } from '../src/daemon/store/group-commit.ts';
import { openDatabase } from '../src/daemon/store/open-database.ts';
import type { NewOperation } from '../src/daemon/store/port.ts';
import { median } from './figure.ts';
import { fill, ORGS } from './fill.ts';

/** A database with so many ended operations, asked through the product's own verbs, one transaction each. */
export interface Stored {
  readonly ask: <V extends Verb>(verb: V, ...args: Parameters<Verbs[V]>) => ReturnType<Verbs[V]>;
  close(): void;
}

const nextId = monotonicFactory();
let nextKey = 1;

export function openStored(operations: number): Stored {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  const file = join(directory, 'operations.db');
  const filled = openDatabase(file);
  fill(filled, operations);
  filled.close();
  const db = openDatabase(file);
  // an fsync takes as long in either, and a hundred times as long as what is compared
  db.pragma('synchronous = OFF');
  const commit = createGroupCommit(db, createEngine(db));
  return {
    ask(verb, ...args) {
      const answer = commit([{ id: 1, verb, args }]).answers[0];
      if (answer === undefined || 'failure' in answer) throw new Error(`${verb}: ${JSON.stringify(answer)}`);
      return answer.value as never;
    },
    close() {
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function operationOf(org: number, changes: Partial<NewOperation> = {}): NewOperation {
  return {
    id: `op_${nextId()}`,
    tenant: 'default',
    task: 'salesforce.query',
    org: `org-${org % ORGS}`,
    lane: { organisation: `00D${String(org % ORGS).padStart(15, '0')}`, mode: 'shared' },
    input: { soql: 'SELECT Id FROM Account' },
    priority: 'normal',
    maxAttempts: 3,
    timeoutSeconds: 600,
    onWorkerLoss: null,
    pool: null,
    overrideWindow: null,
    labels: { team: '1' },
    origin: { kind: 'api', name: 'ci' },
    retryOf: null,
    scheduledFor: null,
    supersede: null,
    createdAt: new Date().toISOString(),
    ...changes,
  };
}

export function newKey() {
  nextKey += 1;
  return { token: 'tk_1', key: `new-${nextKey}`, digest: 'd', expiresAt: '2999-01-01T00:00:00.000Z' };
}

/** Microseconds of each part of a turn, the median of all turns; `sides` take turns, so that all see the same machine. */
export function compare<S extends string, P extends string>(
  sides: Readonly<Record<S, Stored>>,
  turns: number,
  turn: (stored: Stored, time: (part: P, act: () => unknown) => void, number: number) => void,
): Readonly<Record<S, ReadonlyMap<P, number>>> {
  const names = Object.keys(sides) as S[];
  const times = new Map(names.map((name) => [name, new Map<P, number[]>()]));
  for (let number = -turns / 4; number < turns; number += 1) {
    for (const name of names) {
      turn(
        sides[name],
        (part, act) => {
          const begin = performance.now();
          act();
          const microseconds = (performance.now() - begin) * 1_000;
          const ofSide = times.get(name);
          if (number >= 0) ofSide?.set(part, [...(ofSide.get(part) ?? []), microseconds]);
        },
        number,
      );
    }
  }
  const medians = (name: S) =>
    new Map([...(times.get(name) ?? [])].map(([part, all]) => [part, median(all)] as const));
  return Object.fromEntries(names.map((name) => [name, medians(name)])) as never;
}
