import type { Database } from 'better-sqlite3';

/**
 * The first schema. A migration is history: its text stays as it is when the contract moves on, and a new one follows.
 * The CHECKs make illegal rows impossible; a test compares them with the contract.
 */
export function initial(db: Database): void {
  for (const sql of [META, OPERATIONS, ATTEMPTS, EVENTS, LANES, DELIVERIES, ACCESS, ORGS, UPLOADS])
    db.exec(sql);
}

const META = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL CHECK (epoch <> ''),
  pruned_up_to INTEGER NOT NULL CHECK (pruned_up_to >= 0)
) STRICT;
INSERT INTO meta (one, epoch, pruned_up_to) VALUES (1, lower(hex(randomblob(16))), 0);
`;

/**
 * `organisation` and `mode` are the lane; the large columns come last, so that reading the others passes none of them.
 * Some partial indexes repeat `finished_at`, always null there: with it they answer alone, without the row.
 */
const OPERATIONS = `
CREATE TABLE operations (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  task TEXT NOT NULL,
  org TEXT,
  organisation TEXT,
  mode TEXT CHECK (mode IN ('exclusive', 'shared')),
  state TEXT NOT NULL CHECK (state IN ('scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out', 'indeterminate')),
  priority TEXT NOT NULL CHECK (priority IN ('critical', 'normal', 'batch')),
  rank INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
  timeout_seconds INTEGER NOT NULL CHECK (timeout_seconds >= 1),
  retry_of TEXT,
  supersede_key TEXT,
  cancel_requested_at TEXT,
  created_at TEXT NOT NULL,
  scheduled_for TEXT,
  started_at TEXT,
  finished_at TEXT,
  origin TEXT NOT NULL CHECK (json_valid(origin)),
  labels TEXT NOT NULL CHECK (json_valid(labels)),
  progress TEXT CHECK (json_valid(progress)),
  error TEXT CHECK (json_valid(error)),
  checkpoint TEXT CHECK (json_valid(checkpoint)),
  input TEXT NOT NULL CHECK (json_valid(input)),
  result TEXT CHECK (json_valid(result)),
  CHECK ((organisation IS NULL) = (mode IS NULL)),
  CHECK ((finished_at IS NULL) = (state IN ('scheduled', 'queued', 'running'))),
  CHECK (state <> 'scheduled' OR scheduled_for IS NOT NULL),
  CHECK (state <> 'running' OR (attempt >= 1 AND started_at IS NOT NULL)),
  CHECK (state <> 'succeeded' OR (result IS NOT NULL AND error IS NULL)),
  CHECK (state NOT IN ('failed', 'timed_out', 'indeterminate') OR error IS NOT NULL),
  CHECK (finished_at IS NOT NULL OR result IS NULL)
) STRICT;
CREATE INDEX operations_of_tenant ON operations (tenant, id);
CREATE INDEX operations_by_state ON operations (tenant, state, id);
CREATE INDEX operations_by_org ON operations (tenant, org, id);
CREATE INDEX operations_by_task ON operations (tenant, task, id);
CREATE INDEX operations_unfinished ON operations (state, id, finished_at) WHERE finished_at IS NULL;
CREATE INDEX operations_in_lane ON operations (tenant, organisation, state, rank, id, mode, org, finished_at) WHERE finished_at IS NULL;
CREATE INDEX operations_without_lane ON operations (rank, id) WHERE state = 'queued' AND organisation IS NULL;
CREATE INDEX operations_scheduled ON operations (scheduled_for) WHERE state = 'scheduled';
CREATE INDEX operations_to_supersede ON operations (tenant, supersede_key, id) WHERE finished_at IS NULL AND supersede_key IS NOT NULL;
CREATE UNIQUE INDEX one_exclusive_operation_runs_in_a_lane ON operations (tenant, organisation) WHERE state = 'running' AND mode = 'exclusive';

CREATE TABLE labels (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant, name, value, operation)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_of_operation ON labels (operation);

CREATE TABLE idempotency (
  tenant TEXT NOT NULL,
  token TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,
  operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (tenant, token, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
CREATE INDEX idempotency_of_operation ON idempotency (operation);
`;

const ATTEMPTS = `
CREATE TABLE attempts (
  operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK (number >= 1),
  started_at TEXT NOT NULL,
  ended_at TEXT,
  ended_as TEXT CHECK (ended_as IN ('queued', 'scheduled', 'succeeded', 'failed', 'cancelled', 'timed_out', 'indeterminate')),
  PRIMARY KEY (operation, number),
  CHECK ((ended_at IS NULL) = (ended_as IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  operation TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  place INTEGER NOT NULL CHECK (place >= 1),
  pid INTEGER NOT NULL CHECK (pid > 0),
  start_time TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  PRIMARY KEY (operation, attempt, place),
  FOREIGN KEY (operation, attempt) REFERENCES attempts (operation, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
`;

/** AUTOINCREMENT: a number that was pruned is never handed out again. */
const EVENTS = `
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL REFERENCES operations (id),
  tenant TEXT NOT NULL,
  org TEXT,
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  at TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX events_of_operation ON events (operation, seq);
CREATE INDEX events_of_tenant ON events (tenant, seq);
CREATE INDEX events_of_org ON events (tenant, org, seq);
`;

/** Lanes with unfinished work: what runs, and the first that waits. `lanes_ready` holds those whose head could start. */
const LANES = `
CREATE TABLE lanes (
  tenant TEXT NOT NULL,
  organisation TEXT NOT NULL,
  running_exclusive INTEGER NOT NULL CHECK (running_exclusive IN (0, 1)),
  running_shared INTEGER NOT NULL CHECK (running_shared >= 0),
  head TEXT REFERENCES operations (id),
  head_rank INTEGER,
  head_mode TEXT CHECK (head_mode IN ('exclusive', 'shared')),
  head_org TEXT,
  PRIMARY KEY (tenant, organisation),
  CHECK (running_exclusive = 0 OR running_shared = 0),
  CHECK ((head IS NULL) = (head_rank IS NULL) AND (head IS NULL) = (head_mode IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_ready ON lanes (head_rank, head) WHERE head IS NOT NULL AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0);
CREATE INDEX lanes_by_head ON lanes (head);
`;

const DELIVERIES = `
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  hook TEXT NOT NULL,
  source_id TEXT NOT NULL,
  body_digest TEXT NOT NULL,
  event TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('matched', 'no-rule', 'rule-failed')),
  rule TEXT,
  detail TEXT,
  received_at TEXT NOT NULL,
  UNIQUE (tenant, hook, source_id),
  UNIQUE (tenant, hook, body_digest)
) STRICT;
CREATE INDEX deliveries_of_tenant ON deliveries (tenant, id);

CREATE TABLE delivery_operations (
  delivery TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  place INTEGER NOT NULL CHECK (place >= 1),
  operation TEXT NOT NULL REFERENCES operations (id),
  PRIMARY KEY (delivery, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_of_operation ON delivery_operations (operation);
`;

const ACCESS = `
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL CHECK (json_valid(scopes)),
  created_at TEXT NOT NULL,
  expires_at TEXT,
  last_used_at TEXT,
  revoked_at TEXT
) STRICT;
CREATE INDEX tokens_of_tenant ON tokens (tenant, id);
`;

const ORGS = `
CREATE TABLE orgs (
  tenant TEXT NOT NULL,
  alias TEXT NOT NULL,
  kind TEXT NOT NULL,
  username TEXT NOT NULL,
  instance_url TEXT NOT NULL,
  organisation_id TEXT NOT NULL CHECK (length(organisation_id) = 18),
  registered_at TEXT NOT NULL,
  PRIMARY KEY (tenant, alias)
) STRICT, WITHOUT ROWID;
`;

const UPLOADS = `
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX uploads_expiry ON uploads (expires_at);
`;
