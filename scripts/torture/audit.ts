import BetterSqlite3 from 'better-sqlite3';
import { isFinal, type OperationState } from '../../src/contract/operation.ts';
import type { SeenDeployment } from '../../test/fixtures/orgs-process.ts';
import type { Accepted } from './clients.ts';
import type { Wish } from './plan.ts';

/** What must never be. */
export const FINDINGS = [
  'lost',
  'stuck',
  'twiceFinal',
  'doubleEffects',
  'needlesslyIndeterminate',
  'untrue',
] as const;
export type FindingKind = (typeof FINDINGS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly what: string;
}

export interface Audit {
  readonly findings: readonly Finding[];
  readonly finals: Readonly<Record<string, number>>;
  /** An intent was durable and the org never got the call: nobody can know, and promise 3 forbids to send again. */
  readonly unknowable: number;
}

interface Row {
  readonly id: string;
  readonly state: OperationState;
  readonly error: string | null;
  readonly checkpoint: string | null;
  readonly wish: string;
  readonly org: string;
  readonly cancel: string | null;
}

/** Compares the clients' own record, the database of the stopped daemon, and the orgs' record. */
export function audit(
  databaseFile: string,
  accepted: readonly Accepted[],
  deployments: readonly SeenDeployment[],
): Audit {
  const db = new BetterSqlite3(databaseFile, { readonly: true });
  try {
    const rows = db
      .prepare(
        `SELECT id, state, error, checkpoint, labels ->> 'wish' AS wish, org, cancel_requested_at AS cancel FROM operations`,
      )
      .all() as Row[];
    const ends = db
      .prepare(
        `SELECT operation, body ->> 'to' AS "to" FROM events WHERE body ->> 'type' = 'state' ORDER BY seq`,
      )
      .all() as { operation: string; to: OperationState }[];
    return compare({ accepted, rows, ends: Map.groupBy(ends, ({ operation }) => operation), deployments });
  } finally {
    db.close();
  }
}

interface Records {
  readonly accepted: readonly Accepted[];
  readonly rows: readonly Row[];
  readonly ends: ReadonlyMap<string, readonly { readonly to: OperationState }[]>;
  readonly deployments: readonly SeenDeployment[];
}

function compare(records: Records): Audit {
  const byId = new Map(records.rows.map((row) => [row.id, row]));
  const byWish = Map.groupBy(records.rows, ({ wish }) => wish);
  const findings: Finding[] = [];
  const finals: Record<string, number> = {};
  let unknowable = 0;
  for (const { wish, id } of records.accepted) {
    const row = byId.get(id);
    const find = (kind: FindingKind, what: string): void => {
      findings.push({ kind, what: `${wish.kind} ${wish.key} ${id} in ${wish.alias}: ${what}` });
    };
    if (row === undefined) {
      find('lost', 'answered with 202, and not in the database');
      continue;
    }
    finals[row.state] = (finals[row.state] ?? 0) + 1;
    const effects = records.deployments.filter(({ components }) => components.includes(wish.key));
    const moves = records.ends.get(id) ?? [];
    const finalMoves = moves.filter(({ to }) => isFinal(to)).length;
    if (!isFinal(row.state)) find('stuck', `it is ${row.state}`);
    else if (finalMoves !== 1 || moves.at(-1)?.to !== row.state)
      find('twiceFinal', moves.map(({ to }) => to).join(' '));
    const copies = byWish.get(wish.key)?.length ?? 0;
    if (copies !== 1) find('doubleEffects', `${copies} operations under one idempotency key`);
    if (effects.length > 1) find('doubleEffects', `${effects.length} deployments: ${show(effects)}`);
    if (row.state === 'indeterminate' && !mayBeUnknown(row, effects)) {
      find('needlesslyIndeterminate', `${row.checkpoint}; the org has ${show(effects)}; ${row.error}`);
    } else if (row.state === 'indeterminate') unknowable += 1;
    const lie = contradiction(wish, row, effects);
    if (lie !== null) find('untrue', `${lie}; the org has ${show(effects)}; ${row.error}`);
  }
  return { findings, finals, unknowable };
}

/** The intent is on disk, its id is not, and the org has nothing of it. */
function mayBeUnknown(row: Row, effects: readonly SeenDeployment[]): boolean {
  const checkpoint = JSON.parse(row.checkpoint ?? '{}') as { intent?: unknown; deploymentId?: unknown };
  return checkpoint.intent !== undefined && checkpoint.deploymentId === undefined && effects.length === 0;
}

/** A final state that the org's own record denies; null: they agree. */
function contradiction(wish: Wish, row: Row, effects: readonly SeenDeployment[]): string | null {
  if (row.state === 'failed' || row.state === 'timed_out') return `${row.state}, and nothing was wrong`;
  if (row.state === 'cancelled' && row.cancel === null) return 'cancelled, and nobody asked';
  if (!wish.kind.startsWith('deploy')) return null;
  const [effect] = effects;
  if (effect !== undefined && effect.alias !== row.org) return 'deployed to another org';
  if (row.state === 'succeeded' && effect?.status !== 'Succeeded')
    return 'succeeded, and the org does not say so';
  if (row.state === 'cancelled' && effect !== undefined && effect.status !== 'Canceled')
    return 'cancelled, and the deployment was not';
  return null;
}

function show(effects: readonly SeenDeployment[]): string {
  return effects.length === 0
    ? 'none'
    : effects.map(({ id, status, alias }) => `${id} ${status} in ${alias}`).join(', ');
}
