import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation } from '../../src/contract/operation.ts';
import { createSearch, type Find } from './search.ts';
import { type Stage, setStage } from './stage.ts';
import { watchProcesses } from './watch-processes.ts';
import { doWork } from './work.ts';

export interface CanaryOptions {
  /** Puts a secret where it must not be, to see that it is found. */
  readonly plant: boolean;
  readonly say: (line: string) => void;
}

export interface CanaryReport {
  readonly finds: readonly Find[];
  readonly searched: number;
  /** What was done, so that a run that did nothing is told from one that leaked nothing. */
  readonly operations: readonly Operation[];
}

/** Has work of every kind done with secrets that are known here, and searches for them wherever they must not be. */
export async function canary({ plant, say }: CanaryOptions): Promise<CanaryReport> {
  const stage = await setStage();
  try {
    const processes = watchProcesses();
    const operations = await doWork(stage);
    const seen = processes.stop();
    say(`${operations.length} operations, ${seen.length} processes, ${stage.secrets().length} secrets`);
    if (plant) plantOne(stage);
    const search = createSearch(stage.secrets());
    for (const { name, argv, environment } of seen) {
      search.through(`argv of ${name}`, argv);
      search.through(`environment of ${name}`, environment);
    }
    for (const operation of operations) {
      search.through(`operation ${operation.id}`, JSON.stringify(operation));
      search.through(`events of ${operation.id}`, JSON.stringify(await eventsOf(stage, operation)));
    }
    for (const route of ['listDeliveries', 'listOrgs', 'listTokens'] as const) {
      search.through(route, JSON.stringify(await stage.server.client.call(route)));
    }
    search.through('what the server printed', stage.server.output());
    // The server's home: database, artifacts, logs and whatever else there is.
    search.throughFiles(stage.server.paths.home, stage.server.paths.fileVault);
    return { finds: search.finds, searched: search.searched(), operations };
  } finally {
    await stage.remove();
  }
}

async function eventsOf({ server }: Stage, { id }: Operation): Promise<readonly unknown[]> {
  const { items } = await server.client.call('listEvents', { params: { id }, query: { limit: 200 } });
  return items;
}

function plantOne({ server, secrets }: Stage): void {
  const secret = secrets().at(-1)?.value ?? '';
  const text = `nothing to see here: ${secret}`;
  writeFileSync(join(server.paths.logs, 'planted.log'), Buffer.from(text).toString('base64'));
}
