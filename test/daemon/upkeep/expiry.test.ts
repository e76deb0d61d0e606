import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pathsOf } from '../../../src/config/paths.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { createExpiry } from '../../../src/daemon/upkeep/expiry.ts';
import { until } from '../../support/until.ts';
import { QUIET, TENANT } from '../dispatch/setting.ts';

const OLD = 'up_01HZZZZZZZZZZZZZZZZZZZZZZA';
const FORGOTTEN = 'up_01HZZZZZZZZZZZZZZZZZZZZZZC';
const NEW = 'up_01HZZZZZZZZZZZZZZZZZZZZZZB';

const paths = pathsOf(mkdtempSync(join(tmpdir(), 'sfpd-')));
const file = (name: string) => join(paths.uploads, name);
let store: Store;

beforeEach(async () => {
  mkdirSync(paths.uploads, { recursive: true });
  store = await openStore({ file: paths.database });
});

afterEach(async () => {
  await store.close();
  rmSync(paths.home, { recursive: true, force: true });
});

test('uploads whose time is over go, with what was never received to its end, or never recorded', async () => {
  const now = new Date();
  await record(OLD, new Date(now.getTime() - 1_000));
  await record(NEW, new Date(now.getTime() + 60_000));
  for (const name of [OLD, NEW, FORGOTTEN, 'old.part', 'new.part']) writeFileSync(file(name), 'zip');
  const longAgo = new Date(now.getTime() - 49 * 3_600_000);
  for (const name of [FORGOTTEN, 'old.part']) utimesSync(file(name), longAgo, longAgo);
  const expiry = createExpiry({ store, paths, log: QUIET, now: () => now, everyMs: 10 });
  expiry.start();
  await until(() => [OLD, FORGOTTEN, 'old.part'].every((name) => !existsSync(file(name))));
  await expiry.stop();
  await expiry.stop();
  expect([NEW, 'new.part'].map((name) => existsSync(file(name)))).toEqual([true, true]);
  expect(await store.getUpload(TENANT, NEW, now.toISOString())).not.toBeNull();
});

async function record(id: string, expiresAt: Date): Promise<void> {
  await store.recordUpload({
    id,
    tenant: TENANT,
    sha256: '0'.repeat(64),
    bytes: 3,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: expiresAt.toISOString(),
  });
}
