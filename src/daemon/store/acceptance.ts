import type { Database } from 'better-sqlite3';
import type { Operation } from '../../contract/operation.ts';
import type { Cancel } from './cancel.ts';
import type { Operations } from './operations.ts';
import type { Acceptance, IdempotencyClaim, NewOperation, Replay } from './port.ts';
import { createQueueLimit } from './queue-limit.ts';

/** Keys that expired go a few at a time, twice as fast as they may come: no request pays for a day of them. */
const FORGOTTEN_AFTER = 64;
const FORGOTTEN_AT_ONCE = 128;

export type Accepting = ReturnType<typeof createAccepting>;

/** An operation comes in: once per idempotency key, with its first event, and in the place of what it supersedes. */
export function createAccepting(db: Database, parts: { operations: Operations; cancel: Cancel }) {
  const queueLimit = createQueueLimit(db);
  const forget = db.prepare<[string]>(
    `DELETE FROM idempotency WHERE (tenant, token, key) IN
       (SELECT tenant, token, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ${FORGOTTEN_AT_ONCE})`,
  );
  const find = db.prepare<[string, string, string, string], { digest: string; operation: string }>(
    'SELECT digest, operation FROM idempotency WHERE tenant = ? AND token = ? AND key = ? AND expires_at > ?',
  );
  const remember = db.prepare<[string, string, string, string, string, string]>(
    `INSERT INTO idempotency (tenant, token, key, digest, operation, expires_at)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET digest = excluded.digest, operation = excluded.operation, expires_at = excluded.expires_at`,
  );
  let untilForgetting = 0;

  const add = (operation: NewOperation): (() => Operation) => {
    const say = parts.operations.add(operation);
    parts.cancel.supersede(operation);
    queueLimit.check(operation);
    return say;
  };
  const findReplay = (tenant: string, claim: IdempotencyClaim, now: string): Replay | null => {
    const known = find.get(tenant, claim.token, claim.key, now);
    if (known === undefined) return null;
    if (known.digest !== claim.digest) return { outcome: 'conflict' };
    return { outcome: 'replayed', operation: parts.operations.read(known.operation) };
  };

  const keep = (
    { token, key, digest, expiresAt }: IdempotencyClaim,
    { id, tenant, createdAt }: NewOperation,
  ): void => {
    remember.run(tenant, token, key, digest, id, expiresAt);
    untilForgetting -= 1;
    if (untilForgetting > 0) return;
    untilForgetting = FORGOTTEN_AFTER;
    forget.run(createdAt);
  };

  return {
    add,
    findReplay,
    accept(operation: NewOperation, claim: IdempotencyClaim | null): Acceptance {
      const { tenant, createdAt } = operation;
      const earlier = claim === null ? null : findReplay(tenant, claim, createdAt);
      if (earlier !== null) return earlier;
      const say = add(operation);
      if (claim !== null) keep(claim, operation);
      return { outcome: 'created', operation: say() };
    },
  };
}
