import { accessSync, constants } from 'node:fs';
import { findCgroupPlaces } from '../../config/cgroup-places.ts';
import { probeSandbox } from '../../config/probe-sandbox.ts';
import { tryCgroupPlace } from '../../config/try-cgroup-place.ts';
import { type Isolation, type IsolationPart, PRLIMIT } from '../../contract/isolation.ts';
import { type Check, missing, ok, warning } from './check.ts';

const TITLES: Record<IsolationPart['part'], string> = {
  sandbox: 'Sandbox',
  processes: 'Processes',
  memory: 'Memory',
  limits: 'Limits',
};

/** What a program that is not ours can do where a part is missing; docs/isolation.md says it at length. */
const POSSIBLE: Record<IsolationPart['part'], string> = {
  sandbox: "it reads what the server's user may read, the vault among it, and talks to the keychain",
  processes: 'it can start processes until the machine has no more',
  memory: 'it can take all memory of the machine',
  limits: 'it can use up processor time, open files and disk',
};

export function isolationChecks({ parts, wanted }: Isolation): readonly Check[] {
  const lacking = wanted === 'required' ? missing : warning;
  return parts.map(({ part, enforced, detail, hint }) => {
    const name = TITLES[part];
    if (enforced) return ok(name, ENFORCED[part]);
    const effect = wanted === 'required' ? 'programs that are not its own are refused' : POSSIBLE[part];
    return lacking(name, `${detail}: ${effect}`, hint);
  });
}

const ENFORCED: Record<IsolationPart['part'], string> = {
  sandbox: 'bubblewrap, with namespaces of its own for each program',
  processes: 'held by control groups',
  memory: 'held by control groups',
  limits: 'open files, processor time and file size, by prlimit',
};

/** Where no server runs that could say what it has itself: what this shell would have. */
export async function ownIsolation(wanted: Isolation['wanted']): Promise<Isolation> {
  const places = findCgroupPlaces().filter(tryCgroupPlace);
  const held = (['processes', 'memory'] as const).map((part) =>
    partOf(part, {
      enforced: places.some(({ holds }) => holds.includes(part)),
      detail: 'no server runs, and this shell may make no control groups',
      hint: 'Run the server as a systemd service (sfp-server install), which delegates them to it; or as root.',
    }),
  );
  const limits = partOf('limits', {
    enforced: isProgram(PRLIMIT),
    detail: `there is no ${PRLIMIT}`,
    hint: 'Install util-linux (Debian and Ubuntu: apt-get install util-linux).',
  });
  return { wanted, parts: [(await probeSandbox()).part, ...held, limits] };
}

function partOf(part: IsolationPart['part'], without: Omit<IsolationPart, 'part'>): IsolationPart {
  return without.enforced ? { part, enforced: true, detail: '', hint: '' } : { part, ...without };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
