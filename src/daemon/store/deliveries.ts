import type { Database } from 'better-sqlite3';
import type { Delivery } from '../../contract/delivery.ts';
import type { Accepting } from './acceptance.ts';
import type { NewDelivery, NewOperation, Page } from './port.ts';

type DeliveryRow = Omit<Delivery, 'sourceId' | 'receivedAt' | 'operations'> & {
  readonly source_id: string;
  readonly received_at: string;
};

const COLUMNS = 'id, tenant, hook, source_id, event, outcome, rule, detail, received_at';
const NEWEST = '~';

/** The log of verified requests on hooks, and what each led to. */
export function createDeliveries(db: Database, accepting: Accepting) {
  const insert = db.prepare<[NewDelivery]>(
    `INSERT INTO deliveries (id, tenant, hook, source_id, body_digest, event, outcome, rule, detail, received_at)
     VALUES (@id, @tenant, @hook, @sourceId, @bodyDigest, @event, @outcome, @rule, @detail, @receivedAt)`,
  );
  // what failed by its rule made no operation, and comes again once the rule is corrected
  const giveWay = db.prepare<[string, string, string, string]>(
    `DELETE FROM deliveries
     WHERE tenant = ? AND hook = ? AND (source_id = ? OR body_digest = ?) AND outcome = 'rule-failed'`,
  );
  const link = db.prepare<[string, number, string]>(
    'INSERT INTO delivery_operations (delivery, place, operation) VALUES (?, ?, ?)',
  );
  const linked = db.prepare<[string], { operation: string }>(
    'SELECT operation FROM delivery_operations WHERE delivery = ? ORDER BY place',
  );
  const bySource = db.prepare<[string, string, string], DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries WHERE tenant = ? AND hook = ? AND source_id = ?`,
  );
  const byDigest = db.prepare<[string, string, string], DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries WHERE tenant = ? AND hook = ? AND body_digest = ?`,
  );
  const page = db.prepare<[string, string, number], DeliveryRow>(
    `SELECT ${COLUMNS} FROM deliveries WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  );

  const toDelivery = ({ source_id, received_at, ...row }: DeliveryRow): Delivery => ({
    ...row,
    sourceId: source_id,
    receivedAt: received_at,
    operations: linked.all(row.id).map(({ operation }) => operation),
  });
  const findDelivery = (
    tenant: string,
    hook: string,
    sourceId: string,
    bodyDigest: string,
  ): Delivery | null => {
    // the sender's id is not covered by its signature: a captured body may come again under another id
    const rows = [bySource.get(tenant, hook, sourceId), byDigest.get(tenant, hook, bodyDigest)];
    const known = rows.filter((row) => row !== undefined);
    const row = known.find(({ outcome }) => outcome !== 'rule-failed') ?? known[0];
    return row === undefined ? null : toDelivery(row);
  };

  return {
    findDelivery,
    acceptDelivery(delivery: NewDelivery, operations: readonly NewOperation[]) {
      const { id, tenant, hook, sourceId, bodyDigest } = delivery;
      const first = findDelivery(tenant, hook, sourceId, bodyDigest);
      if (first !== null && first.outcome !== 'rule-failed') return { repeated: true, delivery: first };
      giveWay.run(tenant, hook, sourceId, bodyDigest);
      insert.run(delivery);
      operations.forEach((operation, index) => {
        accepting.add(operation);
        link.run(id, index + 1, operation.id);
      });
      const { bodyDigest: _kept, ...rest } = delivery;
      return { repeated: false, delivery: { ...rest, operations: operations.map((one) => one.id) } };
    },
    listDeliveries(tenant: string, limit: number, cursor: string | null): Page<Delivery> {
      const found = page.all(tenant, cursor ?? NEWEST, limit + 1);
      const rows = found.slice(0, limit);
      const nextCursor = found.length > limit ? (rows.at(-1)?.id ?? null) : null;
      return { items: rows.map(toDelivery), nextCursor };
    },
  };
}
