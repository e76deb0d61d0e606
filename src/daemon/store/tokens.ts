import type { Database } from 'better-sqlite3';
import type { ApiToken, ApiTokenRequest, Scope } from '../../contract/access.ts';

type NewToken = ApiTokenRequest & { id: string; tenant: string; hash: string; createdAt: string };
type Uses = Pick<ApiToken, 'expiresAt' | 'lastUsedAt'>;
type TokenRow = Omit<ApiToken, 'scopes'> & { readonly scopes: string };

const COLUMNS = `id, name, tenant, scopes, created_at AS createdAt, expires_at AS expiresAt, last_used_at AS lastUsedAt`;
/** Every request uses a token; a write for each would cost more than the answer is worth. */
const USE_NOTED_EVERY_MS = 60_000;

/** API tokens, known by their SHA-256 only. */
export function createTokens(db: Database) {
  const insert = db.prepare<[Omit<NewToken, 'scopes'> & { scopes: string }]>(
    `INSERT INTO tokens (id, tenant, hash, name, scopes, created_at, expires_at)
     VALUES (@id, @tenant, @hash, @name, @scopes, @createdAt, @expiresAt)`,
  );
  const list = db.prepare<[string], TokenRow>(
    `SELECT ${COLUMNS} FROM tokens WHERE tenant = ? AND revoked_at IS NULL ORDER BY id`,
  );
  const revoke = db.prepare<[string, string, string]>(
    'UPDATE tokens SET revoked_at = ? WHERE tenant = ? AND id = ? AND revoked_at IS NULL',
  );
  const byHash = db.prepare<[string], TokenRow>(
    `SELECT ${COLUMNS} FROM tokens WHERE hash = ? AND revoked_at IS NULL`,
  );
  const noteUse = db.prepare<[string, string]>('UPDATE tokens SET last_used_at = ? WHERE id = ?');

  return {
    createToken(token: NewToken): ApiToken {
      insert.run({ ...token, scopes: JSON.stringify(token.scopes) });
      const { id, name, tenant, scopes, createdAt, expiresAt } = token;
      return { id, name, tenant, scopes, createdAt, expiresAt, lastUsedAt: null };
    },
    listTokens: (tenant: string): readonly ApiToken[] => list.all(tenant).map(toToken),
    revokeToken: (tenant: string, id: string, now: string): boolean =>
      revoke.run(now, tenant, id).changes > 0,
    findToken(hash: string): ApiToken | null {
      const row = byHash.get(hash);
      return row === undefined ? null : toToken(row);
    },
    noteTokenUse(id: string, now: string): void {
      noteUse.run(now, id);
    },
  };
}

/** The use of a token that expired is none: whoever comes with it is refused. A last use in the future was by a clock that has been set back since. */
export function needsNote({ expiresAt, lastUsedAt }: Uses, now: string): boolean {
  const at = Date.parse(now);
  if (expiresAt !== null && Date.parse(expiresAt) <= at) return false;
  return lastUsedAt === null || Math.abs(at - Date.parse(lastUsedAt)) >= USE_NOTED_EVERY_MS;
}

function toToken(row: TokenRow): ApiToken {
  return { ...row, scopes: JSON.parse(row.scopes) as Scope[] };
}
