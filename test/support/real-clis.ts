import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installTool } from '../../src/cli/install-tools.ts';
import type { Paths } from '../../src/config/paths.ts';
import type { Tool } from '../../src/contract/command-declaration.ts';

/** The real CLIs that tests run, each in the one version that it was tried with. */
export const REAL_CLIS = {
  sf: { npm: '@salesforce/cli@2.150.6' },
  sfp: { npm: '@flxbl-io/sfp@39.2.2' },
} as const satisfies Record<string, Tool>;

/** In the checkout, and not among its packages: they are there for the next run of the tests too. */
export const REAL_CLI_PLACE = { tools: join(import.meta.dirname, '..', '..', '.cache', 'tools') };

export async function installRealClis(): Promise<void> {
  const tools = Object.entries(REAL_CLIS);
  await Promise.all(tools.map(([name, tool]) => installTool(REAL_CLI_PLACE, name, tool)));
}

/** As `sfp-server tools install` leaves them. */
export function lendRealClis(paths: Pick<Paths, 'tools'>): void {
  mkdirSync(dirname(paths.tools), { recursive: true });
  symlinkSync(REAL_CLI_PLACE.tools, paths.tools);
}
