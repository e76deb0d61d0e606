import { access, constants } from 'node:fs/promises';
import type { Paths } from '../../config/paths.ts';
import { probeSandbox } from '../../config/probe-sandbox.ts';
import type { Configuration } from '../../contract/configuration.ts';
import { AppError } from '../../contract/errors.ts';
import { type Isolation, type IsolationPart, PRLIMIT } from '../../contract/isolation.ts';
import type { CgroupLimits } from './cgroup-base.ts';
import { type Cgroup, type Cgroups, endCgroups, openCgroups } from './cgroups.ts';

const CLOSE_LIMIT_MS = 2_000;

export interface IsolationParts {
  readonly paths: Pick<Paths, 'home' | 'cgroups'>;
  readonly configuration: () => Pick<Configuration, 'isolation'>;
}

/** What this machine does to keep programs that are not ours apart, and what is wanted of it. */
export interface MachineIsolation {
  /** Looks what there is, when nothing of an earlier run is left; again when somebody may have changed it. */
  look(): void;
  /** Without parts until somebody has looked. */
  report(): Promise<Isolation>;
  /** AppError isolation-missing: it is required, and a part of it is not there. Answers the program bwrap, or null. */
  demand(): Promise<string | null>;
  /** For one worker, by the name of its workspace; null: this machine gives none. */
  group(name: string, limits: CgroupLimits): Cgroup | null;
  /** No worker runs any more. */
  close(): Promise<void>;
}

export function createIsolation({ paths, configuration }: IsolationParts): MachineIsolation {
  let cgroups: Cgroups | null = null;
  let found: Promise<Found> | null = null;

  const look = (): void => {
    // A process that is being started would be in the way of making groups, so those come first.
    cgroups ??= openCgroups(paths);
    found = find(cgroups);
  };
  return {
    look,
    report: async () => ({ wanted: configuration().isolation, parts: [...((await found) ?? NOTHING).parts] }),
    async demand() {
      if (found === null) look();
      const { bubblewrap, parts } = (await found) ?? NOTHING;
      if (configuration().isolation === 'required') refuseWithout(parts);
      return bubblewrap;
    },
    group: (name, limits) => cgroups?.make(name, limits) ?? null,
    async close() {
      if (cgroups !== null) await endCgroups(paths, CLOSE_LIMIT_MS);
      cgroups = null;
    },
  };
}

interface Found {
  readonly bubblewrap: string | null;
  readonly parts: readonly IsolationPart[];
}

const NOTHING: Found = { bubblewrap: null, parts: [] };

async function find(cgroups: Cgroups): Promise<Found> {
  const [sandbox, limits] = await Promise.all([probeSandbox(), probeLimits()]);
  return { bubblewrap: sandbox.bubblewrap, parts: [sandbox.part, ...heldParts(cgroups), limits] };
}

function refuseWithout(parts: readonly IsolationPart[]): void {
  const missing = parts.filter(({ enforced }) => !enforced);
  if (missing.length === 0) return;
  const reasons = missing.map(({ part, detail }) => `${part} (${detail})`).join(', ');
  throw new AppError(
    'isolation-missing',
    `Programs that are not the server's own run only with all of isolation, and this machine lacks: ${reasons}.`,
    { hint: missing.map(({ hint }) => hint).join(' ') },
  );
}

const GROUPS_HINT =
  'Run the server as a systemd service (sfp-server install), which delegates control groups to it; or as root.';

function heldParts({ holds }: Cgroups): readonly IsolationPart[] {
  return (['processes', 'memory'] as const).map((part) =>
    holds.includes(part)
      ? { part, enforced: true, detail: '', hint: '' }
      : {
          part,
          enforced: false,
          detail: 'this process may make no control groups for it',
          hint: GROUPS_HINT,
        },
  );
}

async function probeLimits(): Promise<IsolationPart> {
  try {
    await access(PRLIMIT, constants.X_OK);
    return { part: 'limits', enforced: true, detail: '', hint: '' };
  } catch {
    const hint = 'Install util-linux (Debian and Ubuntu: apt-get install util-linux).';
    return { part: 'limits', enforced: false, detail: `there is no ${PRLIMIT}`, hint };
  }
}
