import type { Database } from 'better-sqlite3';

export const TENANTS = 3;
export const ORGS = 20;

/** Ended operations of a year: their labels, keys, attempts and events beside them, spread over tenants, orgs, tasks and states. */
export function fill(db: Database, operations: number): void {
  db.pragma('foreign_keys = OFF');
  for (const pragma of ['synchronous = OFF', 'cache_size = -200000', 'wal_autocheckpoint = 100000'])
    db.pragma(pragma);
  for (const sql of [OPERATIONS, LABELS, KEYS, ATTEMPTS, EVENTS]) db.prepare(sql).run({ operations });
  db.prepare(
    'INSERT INTO tallies (tenant, waiting) SELECT DISTINCT tenant, 0 FROM operations WHERE true ON CONFLICT DO NOTHING',
  ).run();
  db.exec('UPDATE meta SET finished = (SELECT count(*) FROM operations)');
  for (let org = 0; org < ORGS; org += 1) db.prepare(ORG).run({ org });
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('foreign_keys = ON');
}

const NUMBERS = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < @operations)`;
const ID = `printf('op_%026d', n)`;
const TENANT = `CASE WHEN n % 10 < 8 THEN 'default' ELSE 'tenant-' || (n % ${TENANTS - 1}) END`;
const TIME = `strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n, 'unixepoch')`;

const OPERATIONS = `${NUMBERS} INSERT INTO operations (id, tenant, task, org, organisation, mode, state, priority, rank, attempt, max_attempts,
    timeout_seconds, created_at, started_at, finished_at, origin, labels, input, result, error)
  SELECT ${ID}, ${TENANT}, CASE n % 3 WHEN 0 THEN 'salesforce.deploy' WHEN 1 THEN 'salesforce.query' ELSE 'salesforce.identity' END,
    'org-' || (n % ${ORGS}), printf('00D%015d', n % ${ORGS}), CASE n % 3 WHEN 0 THEN 'exclusive' ELSE 'shared' END,
    CASE WHEN n % 5 = 0 THEN 'failed' WHEN n % 70 = 0 THEN 'cancelled' ELSE 'succeeded' END, 'normal', 1700000000000 + n * 1000, 1, 3,
    600, ${TIME}, ${TIME}, ${TIME}, '{"kind":"api","name":"ci"}', '{"team":"' || (n % 7) || '"}', '{"soql":"SELECT Id FROM Account"}',
    CASE WHEN n % 5 <> 0 AND n % 70 <> 0 THEN '{"totalSize":1}' END,
    CASE WHEN n % 5 = 0 THEN '{"code":"x","message":"y","hint":"z","retryable":false}' END
  FROM numbers`;
const LABELS = `${NUMBERS} INSERT INTO labels (tenant, name, value, operation) SELECT ${TENANT}, 'team', n % 7, ${ID} FROM numbers`;
const KEYS = `${NUMBERS} INSERT INTO idempotency (tenant, token, key, digest, operation, expires_at)
  SELECT ${TENANT}, 'tk_1', 'key-' || n, 'd', ${ID}, '2999-01-01T00:00:00.000Z' FROM numbers`;
const ATTEMPTS = `${NUMBERS} INSERT INTO attempts (operation, number, started_at, ended_at, ended_as)
  SELECT ${ID}, 1, ${TIME}, ${TIME}, 'succeeded' FROM numbers`;
const EVENTS = `${NUMBERS} INSERT INTO events (operation, tenant, org, attempt, at, body)
  SELECT ${ID}, ${TENANT}, 'org-' || (n % ${ORGS}), 1, ${TIME}, '{"type":"state","from":"queued","to":"running","reason":null,"error":null}'
  FROM numbers, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)`;
const ORG = `INSERT INTO orgs (tenant, alias, kind, username, instance_url, organisation_id, registered_at)
  VALUES ('default', 'org-' || @org, 'jwt', 'ci@example.com', 'https://example.com', printf('00D%015d', @org), '2026-01-01T00:00:00.000Z')`;
