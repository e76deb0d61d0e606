import type { Database } from 'better-sqlite3';
import type { OperationEvent } from '../../contract/event.ts';
import type { Engine, Verb } from './engine.ts';
import { type Failure, toFailure, unavailable } from './failure.ts';

export interface Request {
  readonly id: number;
  readonly verb: Verb;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

/** What became of some requests, after their commit. */
export interface Reply {
  readonly answers: readonly Answer[];
  readonly events: readonly OperationEvent[];
}

/** Runs requests in one transaction, so that they share one fsync. Each has its own savepoint: a failing one takes back only itself. */
export function createGroupCommit(db: Database, engine: Engine): (requests: readonly Request[]) => Reply {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const save = db.prepare('SAVEPOINT request');
  const release = db.prepare('RELEASE request');
  const undo = db.prepare('ROLLBACK TO request');

  let damage: Failure | null = null;

  const failureOf = (error: unknown): Failure => {
    const failure = toFailure(error);
    if (failure.kind === 'expected' && failure.code === 'store-damaged') damage ??= failure;
    return failure;
  };
  const run = ({ id, verb, args }: Request): Answer => {
    // what was found damaged stays so until somebody restores it, though other pages can be read and written
    if (verb === 'probe' && damage !== null) return { id, failure: damage };
    const held = engine.events.held();
    save.run();
    try {
      const call = engine.verbs[verb] as (...args: readonly unknown[]) => unknown;
      const value = call(...args);
      release.run();
      return { id, value };
    } catch (error) {
      // a full disk ends the whole transaction by itself, and with it every request of the group
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      engine.events.keep(held);
      return { id, failure: failureOf(error) };
    }
  };

  return (requests) => {
    try {
      begin.run();
      const answers = requests.map(run);
      commit.run();
      return { answers, events: engine.events.take() };
    } catch (error) {
      if (db.inTransaction) rollback.run();
      engine.events.take();
      const failure = failureOf(unavailable(error));
      return { answers: requests.map(({ id }) => ({ id, failure })), events: [] };
    }
  };
}
