import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 20;
/** What a program that was started for a command is handed in just these variables. */
const DECLARED = /^(NPM_TOKEN|SF_ACCESS_TOKEN)=/;
const OF_A_COMMAND = /^HOME=.*\/run\/home$/;

export interface SeenProcess {
  readonly name: string;
  readonly argv: string;
  readonly environment: string;
}

/** Looks at every process of the machine again and again; one that lives for less than a moment may be missed. */
export function watchProcesses(): { stop(): readonly SeenProcess[] } {
  const seen = new Map<string, SeenProcess>();
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const process = readProcess(pid);
      if (process === null) continue;
      seen.set(`${pid} ${process.argv} ${process.environment}`, process);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return [...seen.values()];
    },
  };
}

/** Null: it has ended, or is a thread of the kernel. */
function readProcess(pid: string): SeenProcess | null {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    if (argv === '') return null;
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    const kept = variables.some((one) => OF_A_COMMAND.test(one))
      ? variables.filter((one) => !DECLARED.test(one))
      : variables;
    return { name: `process ${pid} (${argv.split('\0')[0]})`, argv, environment: kept.join('\0') };
  } catch {
    return null;
  }
}
