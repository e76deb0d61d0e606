import type { ApiToken, ApiTokenRequest } from '../../contract/access.ts';
import type { Delivery } from '../../contract/delivery.ts';
import type { EventBody, OperationEvent, Position } from '../../contract/event.ts';
import type { Operation, OperationError, OperationState, Resolution } from '../../contract/operation.ts';
import type { Org, OrgRegistration } from '../../contract/org.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { LanePort } from './lane-port.ts';
import type { LaneRules } from './lane-rules.ts';
import type { NewOperation } from './new-operation.ts';
import type { RetentionPort } from './retention-port.ts';
import type { SchedulePort } from './schedule-port.ts';

export type { NewOperation } from './new-operation.ts';

/**
 * The port of the store. A verb is one whole transaction: plain data in, plain data out, on disk before its promise resolves.
 * Times are ISO 8601 UTC and come from the caller, so that clocks can be injected.
 */

/** Idempotency of one (tenant, token, key): the digest tells the same request from another. */
export interface IdempotencyClaim {
  readonly token: string;
  readonly key: string;
  readonly digest: string;
  readonly expiresAt: string;
}

/** What a key was used for before: the same request, or another one. */
export type Replay =
  | { readonly outcome: 'replayed'; readonly operation: Operation }
  | { readonly outcome: 'conflict' };
export type Acceptance = { readonly outcome: 'created'; readonly operation: Operation } | Replay;

/** A verified request on a hook, about to be recorded together with what it leads to. */
export interface NewDelivery {
  readonly id: string;
  readonly tenant: string;
  readonly hook: string;
  readonly sourceId: string;
  readonly bodyDigest: string;
  readonly event: string;
  readonly outcome: Delivery['outcome'];
  readonly rule: string | null;
  readonly detail: string | null;
  readonly receivedAt: string;
}

/** What identifies a process beyond its pid, which the system hands out again. */
export interface WorkerIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat, as text. */
  readonly startTime: string;
  readonly bootId: string;
}

/** A worker as recovery finds it again. */
export interface RecordedWorker extends WorkerIdentity {
  /** Its own name, which all of its processes carry in their environment; no other worker ever has it. */
  readonly marker: string;
}

/** An operation that was just claimed: its attempt is numbered and committed. */
export interface Claim {
  readonly operation: Operation;
  readonly checkpoint: JsonObject | null;
}

/** An attempt that has no end yet, as recovery finds it. */
export interface OpenAttempt {
  readonly operation: Operation;
  readonly checkpoint: JsonObject | null;
  readonly workers: readonly RecordedWorker[];
}

/** How an attempt ends: a final state, or back to the queue (at once, or at a time). */
export type Settlement =
  | { readonly to: 'succeeded'; readonly result: JsonObject }
  | {
      readonly to: 'failed' | 'timed_out' | 'indeterminate';
      readonly error: OperationError;
      readonly result: JsonObject | null;
    }
  | { readonly to: 'cancelled'; readonly result: JsonObject | null }
  | { readonly to: 'queued'; readonly reason: string; readonly error: OperationError | null }
  | {
      readonly to: 'scheduled';
      readonly at: string;
      readonly reason: string;
      readonly error: OperationError | null;
    };

/** What becomes of the lane of an exclusive operation that ends indeterminate. `pause-lane`, the default: until it is resolved. */
export type AfterIndeterminate = 'pause-lane' | 'go-on';

/** Reports as the store takes them: everything but the outcome, which settles. */
export type StoredReport = Extract<EventBody, { type: 'progress' | 'step' | 'log' }>;

export interface OperationFilter {
  readonly tenant: string;
  readonly states: readonly OperationState[] | null;
  readonly org: string | null;
  readonly task: string | null;
  readonly label: { readonly name: string; readonly value: string } | null;
  readonly limit: number;
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Which events a subscriber of a tenant sees. */
export interface EventFilter {
  readonly tenant: string;
  readonly operation: string | null;
  readonly org: string | null;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface StoredUpload {
  readonly id: string;
  readonly tenant: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly createdAt: string;
  readonly expiresAt: string;
}

export interface Counts {
  readonly scheduled: number;
  readonly queued: number;
  readonly running: number;
}

export interface Store extends SchedulePort, LanePort, RetentionPort {
  /** Events in the order of their commit, after they are on disk; answers how to stop listening. */
  onCommitted(listener: (events: readonly OperationEvent[]) => void): () => void;
  position(): Promise<Position>;
  /** The lowest seq that is still kept, minus one: nothing at or below it can be recovered. */
  prunedUpTo(): Promise<number>;
  listEvents(filter: EventFilter): Promise<readonly OperationEvent[]>;

  // operations
  accept(operation: NewOperation, idempotency: IdempotencyClaim | null): Promise<Acceptance>;
  /** What `accept` would answer for a key that is known; null: it is not. */
  findReplay(tenant: string, idempotency: IdempotencyClaim, now: string): Promise<Replay | null>;
  getOperation(tenant: string, id: string): Promise<Operation | null>;
  listOperations(filter: OperationFilter): Promise<Page<Operation>>;
  /**
   * Waiting work is cancelled at once, unless an earlier attempt left a checkpoint: then something may go on in the org, and
   * the next attempt, due at once, ends it there. Running work is marked. A final operation is answered as it is.
   */
  requestCancel(tenant: string, id: string, by: string | null, now: string): Promise<Operation | null>;
  /** Null: it is not there, did not end indeterminate, or was resolved before; nothing changed. */
  resolve(tenant: string, id: string, resolution: Resolution): Promise<Operation | null>;
  counts(tenant: string | null): Promise<Counts>;

  // attempts
  /**
   * The next operation whose lane is free, now `running` with its next attempt; null: nothing may start. A worker that waits for
   * work is recorded in the same transaction, so that it may be told at once.
   */
  claim(now: string, rules?: LaneRules, worker?: RecordedWorker | null): Promise<Claim | null>;
  /** Committed before the assignment is sent; may be said twice. False: the attempt is no longer current. */
  recordWorker(operation: string, attempt: number, worker: RecordedWorker): Promise<boolean>;
  /** False: the attempt is no longer current, and nothing was recorded. */
  recordReports(
    operation: string,
    attempt: number,
    reports: readonly StoredReport[],
    now: string,
  ): Promise<boolean>;
  recordCheckpoint(operation: string, attempt: number, checkpoint: JsonObject, now: string): Promise<boolean>;
  /**
   * Null: the attempt is no longer current, or somebody settled it first. Where a cancel was asked for meanwhile, what would
   * wait for another attempt is cancelled, unless a checkpoint says that something may go on in the org.
   */
  settle(
    operation: string,
    attempt: number,
    settlement: Settlement,
    now: string,
    ifIndeterminate?: AfterIndeterminate,
  ): Promise<Operation | null>;
  listOpenAttempts(): Promise<readonly OpenAttempt[]>;
  /**
   * Moves what is due from scheduled to queued; answers the time of the next one. `setBack`: and mends what the clock left that
   * was ahead; `nextAt` is `now` where there is more of it.
   */
  promoteDue(
    now: string,
    setBack?: boolean,
  ): Promise<{ readonly promoted: number; readonly nextAt: string | null }>;

  // deliveries
  /**
   * Delivery, operations and first events in one transaction; a repeat (same source id or same body) answers the first.
   * A first one whose outcome is `rule-failed` made no operation: it gives way, and its row is replaced by the repeat.
   */
  acceptDelivery(
    delivery: NewDelivery,
    operations: readonly NewOperation[],
  ): Promise<{ readonly repeated: boolean; readonly delivery: Delivery }>;
  findDelivery(tenant: string, hook: string, sourceId: string, bodyDigest: string): Promise<Delivery | null>;
  listDeliveries(tenant: string, limit: number, cursor: string | null): Promise<Page<Delivery>>;

  // tokens
  createToken(
    token: ApiTokenRequest & { id: string; tenant: string; hash: string; createdAt: string },
  ): Promise<ApiToken>;
  listTokens(tenant: string): Promise<readonly ApiToken[]>;
  revokeToken(tenant: string, id: string, now: string): Promise<boolean>;
  /** By SHA-256 of the token; revoked ones are not found, expired ones are. The use of one that still holds is noted soon after. */
  findToken(hash: string, now: string): Promise<ApiToken | null>;
  noteTokenUse(id: string, now: string): Promise<void>;

  // orgs
  /** The organisation id is kept with 18 characters, so that 15 lead to the same lane. Whatever waited for a login of this alias goes on. */
  putOrg(tenant: string, alias: string, registration: OrgRegistration, now: string): Promise<Org>;
  deleteOrg(tenant: string, alias: string): Promise<boolean>;
  /** A session was got with its login: it works. */
  noteLogin(tenant: string, alias: string, now: string): Promise<void>;
  /** The lane of an alias, without looking at what is in it; null: no such org. */
  getOrganisationId(tenant: string, alias: string): Promise<string | null>;
  listOrgs(tenant: string): Promise<readonly Org[]>;

  // uploads
  recordUpload(upload: StoredUpload): Promise<void>;
  getUpload(tenant: string, id: string, now: string): Promise<StoredUpload | null>;
  expireUploads(now: string): Promise<readonly StoredUpload[]>;

  /** Writes a little. AppError store-unavailable: the disk does not take it; store-damaged: pages were found damaged. */
  probe(): Promise<void>;
  /** Into a file that is empty or not there yet, of one moment; others are answered meanwhile. */
  copy(file: string): Promise<void>;
  close(): Promise<void>;
}
