import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AssignedCommand } from '../../contract/command.ts';
import type { SandboxPlace } from '../sandbox/place.ts';
import type { TaskWork } from '../work.ts';
import { workspaceOf } from '../workspace.ts';

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

/** Where the programs of one command run, and with which environment. */
export interface CommandPlace {
  readonly place: SandboxPlace;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes the directories of a command: HOME and TMPDIR of its own, beside those of this worker, which it does not see. Where the sf
 * CLI logs in, HOME is what one program leaves for the next; otherwise it ends with its only program.
 */
export async function makePlace(
  { assignment }: TaskWork,
  { command, env, tools }: AssignedCommand,
  files: Readonly<Record<string, string>>,
): Promise<CommandPlace> {
  const { sandbox, source, workspace } = assignment;
  const directory = join(dirname(workspaceOf(workspace).home), 'run');
  const home = join(directory, 'home');
  const temporary = join(directory, 'tmp');
  for (const path of [directory, home, temporary]) await mkdir(path, { recursive: true, mode: 0o700 });
  const bins = [
    ...tools.map((tool) => join(tool.directory, 'bin')),
    dirname(process.execPath),
    ...SYSTEM_PATH,
  ];
  return {
    place: {
      workspace: directory,
      home: { directory: home, kept: command.login === 'sf' },
      files,
      directory: source?.directory ?? directory,
      source: source === null ? null : { directory: workspaceOf(workspace).source, writable: true },
      readable: certificatesOf(sandbox.environment),
      // Not its directory: that of a user's own Node may be a home, with what else is there.
      tools: [...tools.map((tool) => tool.directory), process.execPath],
      machine: sandbox,
    },
    env: {
      LANG: 'C.UTF-8',
      ...sandbox.environment,
      ...env,
      ...command.env,
      HOME: home,
      TMPDIR: temporary,
      PATH: [...new Set(bins)].join(':'),
    },
  };
}

/** Files that the environment names, so that a program trusts what the server trusts. */
function certificatesOf(environment: Readonly<Record<string, string>>): readonly string[] {
  const files = [environment['NODE_EXTRA_CA_CERTS'], environment['SSL_CERT_FILE']];
  return files.filter((file) => file?.startsWith('/') === true) as string[];
}
