import type { Database } from 'better-sqlite3';
import type { StoredUpload } from './port.ts';

const COLUMNS = 'id, tenant, sha256, bytes, created_at AS createdAt, expires_at AS expiresAt';

/** What is known of the files under `state/uploads`. */
export function createUploads(db: Database) {
  const insert = db.prepare<[StoredUpload]>(
    `INSERT INTO uploads (id, tenant, sha256, bytes, created_at, expires_at)
     VALUES (@id, @tenant, @sha256, @bytes, @createdAt, @expiresAt)`,
  );
  const get = db.prepare<[string, string, string], StoredUpload>(
    `SELECT ${COLUMNS} FROM uploads WHERE tenant = ? AND id = ? AND expires_at > ?`,
  );
  const expire = db.prepare<[string], StoredUpload>(
    `DELETE FROM uploads WHERE expires_at <= ? RETURNING ${COLUMNS}`,
  );
  return {
    recordUpload(upload: StoredUpload): void {
      insert.run(upload);
    },
    getUpload: (tenant: string, id: string, now: string): StoredUpload | null =>
      get.get(tenant, id, now) ?? null,
    expireUploads: (now: string): readonly StoredUpload[] => expire.all(now),
  };
}
