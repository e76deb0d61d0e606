import type { Database } from 'better-sqlite3';
import type { OperationEvent } from '../../contract/event.ts';
import type { Engine, Verb } from './engine.ts';
import { type Failure, toFailure, unavailable } from './failure.ts';
import { VERBS } from './verbs.ts';

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

/**
 * Runs requests in one transaction, so that they share one fsync. A failing one takes back only itself: where one fails, the
 * transaction is taken back and all run again, each under a savepoint. A savepoint for each from the start would cost the
 * many groups in which nothing fails a copy of every page that a request changes. Refusals (a full queue) make their group run
 * twice as well: that is time and nothing else, because all that a verb keeps outside of the database is a guess at when to
 * tidy up. Where the disk takes nothing, what only reads is answered all the same.
 */
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
    const call = engine.verbs[verb] as (...args: readonly unknown[]) => unknown;
    return { id, value: call(...args) };
  };
  const runAlone = (request: Request): Answer => {
    const held = engine.events.held();
    save.run();
    try {
      const answer = run(request);
      release.run();
      return answer;
    } catch (error) {
      // a full disk ends the whole transaction by itself, and with it every request of the group
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      engine.events.keep(held);
      return { id: request.id, failure: failureOf(error) };
    }
  };
  /** Without the transaction that could not be committed, or not even begun. */
  const readAlone = (request: Request): Answer => {
    try {
      return run(request);
    } catch (error) {
      return { id: request.id, failure: failureOf(error) };
    }
  };
  const takeBack = (): void => {
    if (db.inTransaction) rollback.run();
    engine.events.take();
  };
  const inTransaction = (
    requests: readonly Request[],
    answerTo: (request: Request) => Answer,
  ): readonly Answer[] => {
    begin.run();
    return requests.map(answerTo);
  };
  const runAll = (requests: readonly Request[]): readonly Answer[] => {
    try {
      return inTransaction(requests, run);
    } catch {
      takeBack();
      return inTransaction(requests, runAlone);
    }
  };

  return (requests) => {
    try {
      const answers = runAll(requests);
      commit.run();
      return { answers, events: engine.events.take() };
    } catch (error) {
      takeBack();
      const failure = failureOf(unavailable(error));
      const answers = requests.map((request) =>
        VERBS[request.verb] === 'reads' ? readAlone(request) : { id: request.id, failure },
      );
      return { answers, events: [] };
    }
  };
}
