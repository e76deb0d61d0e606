import type { OperationEvent } from '../../src/contract/event.ts';
import { isFinal } from '../../src/contract/operation.ts';
import type { Row, Told } from './starts.ts';
import { Violation } from './violation.ts';
import type { Wish, World } from './world.ts';

/** What becomes of older work when newer work of its key comes in. */
export function createSupersedeCheck(world: World, states: ReadonlyMap<string, Told>) {
  /** Those of each key, in the order in which they were accepted. */
  const accepted = new Map<string, string[]>();
  const modes = new Map<string, 'keep' | 'cancel'>();
  let replaced: string[] = [];
  let asked: string[] = [];

  const take = (newer: string, { key, running }: NonNullable<Wish['supersede']>): void => {
    const older = accepted.get(key) ?? [];
    for (const id of older) {
      const told = states.get(id);
      if (told === undefined || isFinal(told.state)) continue;
      if (told.state !== 'running' && !told.effect) replaced.push(id);
      else if (running === 'cancel') asked.push(id);
    }
    accepted.set(key, [...older, newer]);
    modes.set(newer, running);
  };

  return {
    /** Each event as the history tells it, with what is stored of its operation by now. */
    hear({ operation, body }: OperationEvent, row: Row | undefined): void {
      const supersede = world.wishes.find(({ key }) => key === row?.wish)?.supersede ?? null;
      if (body.type === 'created' && supersede !== null) take(operation, supersede);
      if (body.type !== 'cancel-requested') return;
      const by = /^superseded by (.+)$/.exec(body.by ?? '')?.[1];
      if (by !== undefined && modes.get(by) === 'keep')
        throw new Violation(WRONG, `${by} keeps what runs, and ${operation} is to end`);
    },
    /** After the events of a step. */
    check(rows: ReadonlyMap<string, Row>): void {
      for (const id of replaced)
        if (states.get(id)?.state !== 'cancelled') throw new Violation(WRONG, `${id} is still wanted`);
      for (const id of asked) {
        const row = rows.get(id);
        if (row !== undefined && !isFinal(row.state) && row.cancel_requested_at === null)
          throw new Violation(WRONG, `nobody asked ${id} to end`);
      }
      replaced = [];
      asked = [];
    },
  };
}

const WRONG = 'newer work takes the place of what waits under its key';
