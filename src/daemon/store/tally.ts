import type { Database } from 'better-sqlite3';

/** Counts a new operation among those that wait. What becomes of it is counted by triggers (migrations/0004, 0007). */
export function createTally(db: Database): (tenant: string) => void {
  const ofTenant = db.prepare<[string]>(
    'INSERT INTO tallies (tenant, waiting) VALUES (?, 1) ON CONFLICT DO UPDATE SET waiting = waiting + 1',
  );
  const ofAll = db.prepare<[]>('UPDATE meta SET waiting = waiting + 1');
  return (tenant) => {
    ofTenant.run(tenant);
    ofAll.run();
  };
}
