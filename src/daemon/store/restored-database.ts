import { statSync } from 'node:fs';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { AppError } from '../../contract/errors.ts';
import type { OperationError, OperationState } from '../../contract/operation.ts';
import type { TaskDefinition } from '../../contract/tasks.ts';
import { createEngine } from './engine.ts';
import { DATABASE_VERSION } from './migrate.ts';
import { APPLICATION_ID } from './migrations/0004-retention.ts';
import { openDatabase } from './open-database.ts';
import { foreignPart } from './own-schema.ts';

const LISTED_FAULTS = 3;
/** More locks than a lane can have had since the backup: none of their numbers is given again. */
const FENCES_LEFT_OUT = 1_000_000;

/**
 * Looks through all of a backup, and changes nothing in it.
 *
 * @throws AppError backup-invalid: it is damaged, no database of ours, or of a newer sfp-server, or its schema was changed
 */
export function checkBackup(file: string, name: string): void {
  let db: Database | null = null;
  try {
    db = new BetterSqlite3(file, { fileMustExist: true });
    db.pragma('trusted_schema = OFF');
    const number = (pragma: string): number => Number(db?.pragma(pragma, { simple: true }));
    if (number('application_id') !== APPLICATION_ID) throw invalid(name, 'is no backup of sfp-server');
    const version = number('user_version');
    if (version < 1) throw invalid(name, `has no version of sfp-server: ${version}`);
    if (version > DATABASE_VERSION) {
      throw new AppError(
        'backup-invalid',
        `${name} has version ${version} and this sfp-server knows ${DATABASE_VERSION}.`,
        { hint: 'Install the newer sfp-server that wrote it.' },
      );
    }
    // before anything of it is used: an index or a check of somebody else's may call functions
    const foreign = foreignPart(db, version);
    if (foreign !== null) throw invalid(name, `has another schema: ${foreign}`);
    const faults = db.pragma(`integrity_check(${LISTED_FAULTS})`) as { integrity_check: string }[];
    const [fault] = faults;
    if (fault?.integrity_check !== 'ok') throw invalid(name, `is damaged: ${fault?.integrity_check}`);
    const broken = db.pragma('foreign_key_check') as readonly unknown[];
    if (broken.length > 0) throw invalid(name, `is damaged: ${broken.length} rows name others that are gone`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid(name, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    db?.close();
  }
}

/** An operation that had not ended when the backup was made. */
export interface UnfinishedWork {
  readonly id: string;
  readonly tenant: string;
  readonly task: string;
  readonly state: OperationState;
  readonly attempt: number;
  readonly scheduledFor: string | null;
  readonly checkpoint: string | null;
  /** Null: as its task says. */
  readonly onWorkerLoss: TaskDefinition['onWorkerLoss'] | null;
}

/** `stays`: recovery and dispatch go on with it as after any restart. */
export type Fate =
  | 'stays'
  | 'cancelled'
  | { readonly to: 'indeterminate'; readonly error: OperationError; readonly result: null };

/** An API token that was revoked, and when. */
export interface Revocation {
  readonly id: string;
  readonly at: string;
}

export interface RestoredWork {
  readonly stayed: number;
  readonly cancelled: number;
  readonly indeterminate: number;
}

/**
 * Looks into a database that may be damaged, and that somebody may still want as it is: only to read, because whoever may write
 * plays the WAL into it, and of an empty file SQLite removes the WAL. Null: there is no such database, or it cannot be read.
 */
export function readRevocations(file: string): readonly Revocation[] | null {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return null;
  let db: Database | null = null;
  try {
    db = new BetterSqlite3(file, { readonly: true });
    return db
      .prepare<[], Revocation>('SELECT id, revoked_at AS at FROM tokens WHERE revoked_at IS NOT NULL')
      .all();
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

/** Another history begins: no position of a client means anything in it. All in one transaction, and nothing left in a WAL. */
export function beginHistory(
  file: string,
  options: {
    readonly now: string;
    /** Null: all goes on where it was. */
    readonly fateOf: ((work: UnfinishedWork) => Fate) | null;
    /** API tokens that the backup may hold as valid, and that must not come back. */
    readonly revoked: readonly Revocation[] | 'all';
  },
): RestoredWork & { readonly validTokens: number } {
  const { now, fateOf, revoked } = options;
  const db = openDatabase(file);
  try {
    const { verbs } = createEngine(db);
    const unfinished = db.prepare<[], UnfinishedWork>(
      `SELECT id, tenant, task, state, attempt, scheduled_for AS scheduledFor, checkpoint,
         on_worker_loss AS onWorkerLoss
       FROM operations WHERE finished_at IS NULL ORDER BY id`,
    );
    const revoke = db.prepare<[string, string]>(
      'UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
    );
    const valid = db.prepare<[], { id: string }>('SELECT id FROM tokens WHERE revoked_at IS NULL');
    const count = { stayed: 0, cancelled: 0, indeterminate: 0 };
    const settle = (work: UnfinishedWork): void => {
      const fate = fateOf?.(work) ?? 'stays';
      if (fate === 'stays') count.stayed += 1;
      else if (fate === 'cancelled') {
        verbs.requestCancel(work.tenant, work.id, 'the restore of a backup', now);
        count.cancelled += 1;
      } else {
        verbs.settle(work.id, work.attempt, fate, now);
        count.indeterminate += 1;
      }
    };
    db.transaction(() => {
      db.prepare('UPDATE meta SET epoch = lower(hex(randomblob(16))), fences_from = fences_from + ?').run(
        FENCES_LEFT_OUT,
      );
      db.prepare('UPDATE fences SET fence = fence + ?').run(FENCES_LEFT_OUT);
      for (const work of unfinished.all()) settle(work);
      const gone = revoked === 'all' ? valid.all().map(({ id }) => ({ id, at: now })) : revoked;
      for (const { id, at } of gone) revoke.run(at, id);
      if (fateOf !== null) db.prepare('UPDATE schedules SET settled_up_to = max(settled_up_to, ?)').run(now);
    })();
    db.pragma('wal_checkpoint(TRUNCATE)');
    return { ...count, validTokens: valid.all().length };
  } finally {
    db.close();
  }
}

function invalid(name: string, what: string): AppError {
  return new AppError('backup-invalid', `${name} ${what.replace(/\.?$/, '.')}`);
}
