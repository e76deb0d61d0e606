import { realpath } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { isInside } from '../../contract/inside.ts';

/** What a proxy's address may carry is the machine's, as is everything else in a worker's environment. */
const OWN_VARIABLES = /_proxy$|^(home|path|tmpdir|dbus_.*|xdg_.*|sfp_.*)$/i;

/**
 * The converter puts the content of files and variables that `replacements` of a project name into what is deployed. Source
 * code is not trusted with files of this machine: the vault may lie among those that this process can read.
 */
export async function checkReplacements(root: string, project: string, replacements: unknown): Promise<void> {
  const entries: readonly unknown[] = Array.isArray(replacements) ? replacements : [];
  for (const entry of entries) {
    const { replaceWithFile: file, replaceWithEnv: variable } = { ...(entry as Replacement | null) };
    if (typeof file === 'string') await checkFile(root, project, file);
    if (typeof variable === 'string' && OWN_VARIABLES.test(variable)) {
      throw refused(`the variable ${variable} of the server`);
    }
  }
}

interface Replacement {
  readonly replaceWithFile?: unknown;
  readonly replaceWithEnv?: unknown;
}

/** As the converter reads it: from the project on, or from the root of the system. */
async function checkFile(root: string, project: string, file: string): Promise<void> {
  const path = isAbsolute(file) ? file : join(project, file);
  const real = await realpath(path).catch(() => null);
  // one that is missing is named by the converter
  if (real === null || isInside(real, await realpath(root))) return;
  throw refused(`${file}, which lies outside the source code`);
}

function refused(what: string): AppError {
  return new AppError('source-invalid', `The replacements of sfdx-project.json name ${what}.`);
}
