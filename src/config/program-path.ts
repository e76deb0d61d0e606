import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of an installed program; null: PATH leads to none. */
export function programPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
  const directories = (environment['PATH'] ?? '').split(delimiter).filter((part) => part.startsWith('/'));
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
