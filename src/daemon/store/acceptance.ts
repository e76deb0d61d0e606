import type { Database } from 'better-sqlite3';
import type { Cancel } from './cancel.ts';
import type { Operations } from './operations.ts';
import type { Acceptance, IdempotencyClaim, NewOperation } from './port.ts';

interface Key {
  readonly tenant: string;
  readonly token: string;
  readonly key: string;
}

export type Accepting = ReturnType<typeof createAccepting>;

/** An operation comes in: once per idempotency key, with its first event, and in the place of what it supersedes. */
export function createAccepting(db: Database, parts: { operations: Operations; cancel: Cancel }) {
  const forget = db.prepare<[string]>('DELETE FROM idempotency WHERE expires_at <= ?');
  const find = db.prepare<[Key], { digest: string; operation: string }>(
    'SELECT digest, operation FROM idempotency WHERE tenant = @tenant AND token = @token AND key = @key',
  );
  const remember = db.prepare<[Key & { digest: string; operation: string; expiresAt: string }]>(
    `INSERT INTO idempotency (tenant, token, key, digest, operation, expires_at)
     VALUES (@tenant, @token, @key, @digest, @operation, @expiresAt)`,
  );

  const add = (operation: NewOperation): void => {
    parts.operations.add(operation);
    parts.cancel.supersede(operation);
  };
  const first = (operation: NewOperation, claim: IdempotencyClaim): Acceptance | null => {
    forget.run(operation.createdAt);
    const known = find.get({ tenant: operation.tenant, token: claim.token, key: claim.key });
    if (known === undefined) return null;
    if (known.digest !== claim.digest) return { outcome: 'conflict' };
    return { outcome: 'replayed', operation: parts.operations.read(known.operation) };
  };

  return {
    add,
    accept(operation: NewOperation, claim: IdempotencyClaim | null): Acceptance {
      const earlier = claim === null ? null : first(operation, claim);
      if (earlier !== null) return earlier;
      add(operation);
      if (claim !== null) remember.run({ ...claim, tenant: operation.tenant, operation: operation.id });
      return { outcome: 'created', operation: parts.operations.read(operation.id) };
    },
  };
}
