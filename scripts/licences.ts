import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Copies the licence of every package that one of these files comes from. */
export function copyLicences(files: readonly string[], directory: string): void {
  mkdirSync(directory, { recursive: true });
  const packages = new Set(files.flatMap((file) => packageOf(file) ?? []));
  for (const place of packages) {
    const licence = readdirSync(place).find((name) => /^licen[cs]e/i.test(name));
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (licence !== undefined)
      copyFileSync(join(place, licence), join(directory, `${name.replace('/', '+')}.txt`));
  }
}

/** `…/node_modules/<package>` or `…/node_modules/@<scope>/<package>`; null: our own. */
function packageOf(file: string): string | null {
  return /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? null;
}
