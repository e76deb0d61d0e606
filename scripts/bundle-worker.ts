import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RolldownPlugin, rolldown } from 'rolldown';

/** Loaded from node_modules: a native addon, and a library that looks for files of its own. */
const OUTSIDE = [/^keytar$/, /^@salesforce\//];

/**
 * The worker of the published package: one file for what every task needs, further ones for what only some do, all packages
 * built in (docs/adr/0017). Answers the files that went into it.
 */
export async function bundleWorker(
  directory: string,
  plugins: readonly RolldownPlugin[] = [],
): Promise<readonly string[]> {
  rmSync(directory, { recursive: true, force: true });
  const bundle = await rolldown({
    input: { main: 'src/worker/launch.ts', program: 'src/worker/main.ts' },
    platform: 'node',
    external: OUTSIDE,
    logLevel: 'warn',
    plugins: [...plugins],
  });
  const { output } = await bundle.write({
    dir: directory,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await bundle.close();
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    writeFileSync(file, toAscii(readFileSync(file, 'utf8')));
  }
  return output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
}

/** Read byte by byte without decoding; an escape means the same in strings, regular expressions and names. */
function toAscii(code: string): string {
  return code.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
