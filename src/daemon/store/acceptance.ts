import type { Database } from 'better-sqlite3';
import type { Cancel } from './cancel.ts';
import type { Operations } from './operations.ts';
import type { Acceptance, IdempotencyClaim, NewOperation, Replay } from './port.ts';
import { createQueueLimit } from './queue-limit.ts';

interface Key {
  readonly tenant: string;
  readonly token: string;
  readonly key: string;
}

export type Accepting = ReturnType<typeof createAccepting>;

/** An operation comes in: once per idempotency key, with its first event, and in the place of what it supersedes. */
export function createAccepting(db: Database, parts: { operations: Operations; cancel: Cancel }) {
  const queueLimit = createQueueLimit(db);
  const forget = db.prepare<[string]>('DELETE FROM idempotency WHERE expires_at <= ?');
  const find = db.prepare<[Key & { now: string }], { digest: string; operation: string }>(
    `SELECT digest, operation FROM idempotency
     WHERE tenant = @tenant AND token = @token AND key = @key AND expires_at > @now`,
  );
  const remember = db.prepare<[Key & { digest: string; operation: string; expiresAt: string }]>(
    `INSERT INTO idempotency (tenant, token, key, digest, operation, expires_at)
     VALUES (@tenant, @token, @key, @digest, @operation, @expiresAt)`,
  );

  const add = (operation: NewOperation): void => {
    parts.operations.add(operation);
    parts.cancel.supersede(operation);
    queueLimit.check(operation);
  };
  const findReplay = (tenant: string, claim: IdempotencyClaim, now: string): Replay | null => {
    const known = find.get({ tenant, token: claim.token, key: claim.key, now });
    if (known === undefined) return null;
    if (known.digest !== claim.digest) return { outcome: 'conflict' };
    return { outcome: 'replayed', operation: parts.operations.read(known.operation) };
  };

  return {
    add,
    findReplay,
    accept(operation: NewOperation, claim: IdempotencyClaim | null): Acceptance {
      const { tenant, createdAt } = operation;
      const earlier = claim === null ? null : findReplay(tenant, claim, createdAt);
      if (earlier !== null) return earlier;
      if (claim !== null) forget.run(createdAt);
      add(operation);
      if (claim !== null) remember.run({ ...claim, tenant, operation: operation.id });
      return { outcome: 'created', operation: parts.operations.read(operation.id) };
    },
  };
}
