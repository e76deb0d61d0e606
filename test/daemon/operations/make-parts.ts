import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Caller } from '../../../src/contract/access.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../../src/contract/configuration.ts';
import type { OperationParts } from '../../../src/daemon/operations/accept.ts';
import { openStore } from '../../../src/daemon/store/open.ts';

export const NOW = new Date('2026-06-01T12:00:00.000Z');
export const ORGANISATION = '00D5g000004CbyfEAC';
export const OWNER: Caller = { door: 'control', tenant: 'default', scopes: [], token: null };
export const ORIGIN = { kind: 'cli' as const, name: null };

export interface MadeParts extends OperationParts {
  /** What `sfp-server.yaml` says; may be changed while a test runs. */
  settings: Configuration;
  clock: Date;
  close(): Promise<void>;
}

/** A real store in a home of its own, with one org. */
export async function makeParts(): Promise<MadeParts> {
  const paths = pathsOf(mkdtempSync(join(tmpdir(), 'sfp-')));
  mkdirSync(paths.uploads, { recursive: true });
  const store = await openStore({ file: paths.database });
  await store.putOrg(
    'default',
    'uat',
    {
      kind: 'jwt',
      username: 'ci@example.com',
      instanceUrl: 'https://example.my.salesforce.com',
      organisationId: ORGANISATION,
    },
    NOW.toISOString(),
  );
  const parts: MadeParts = {
    store,
    paths,
    settings: DEFAULT_CONFIGURATION,
    clock: NOW,
    configuration: () => parts.settings,
    now: () => parts.clock,
    async close() {
      await store.close();
      rmSync(paths.home, { recursive: true, force: true });
    },
  };
  return parts;
}
