import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { constants, Script } from 'node:vm';

/**
 * What the bundled worker begins with: it runs program.cjs beside it from V8's compiled code, where the daemon keeps that.
 * Node has a compile cache of its own, but only for processes that may write it, and a worker that could write it could put
 * code into every later one.
 *
 * Words: the job, the directory of the compiled code, and `write` in the one process that makes it.
 */
const PROGRAM = './program.cjs';

interface Loaded {
  readonly script: Script;
  readonly module: { exports: unknown };
}

const [, , , directory = '', write = ''] = process.argv;
const own = __dirname;
const outside = createRequire(__filename);
const loaded = new Map<string, Loaded>();

/** Parts of the bundle name each other like `./program.cjs`; everything else is left to Node. */
function load(name: string): unknown {
  if (!name.startsWith('./')) return outside(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = join(own, name);
  const cachedData = readCompiled(name);
  const script = new Script(wrapped(readFileSync(filename, 'latin1')), {
    filename,
    // packages that are not built in are imported as anywhere else
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} };
  loaded.set(name, { script, module });
  const run = script.runInThisContext() as (...given: unknown[]) => void;
  run(module.exports, load, module, filename, own);
  return module.exports;
}

/** The bundle is plain ASCII, so that it is read as it lies on the disk. */
function wrapped(source: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
}

function readCompiled(name: string): Buffer | undefined {
  if (directory === '' || write !== '') return undefined;
  try {
    return readFileSync(join(directory, `${name}.compiled`));
  } catch {
    return undefined; // made by another version, or not yet: it is compiled here
  }
}

/** When the daemon lets go: by then everything that a task begins with has run, and its functions are compiled. */
if (write !== '') {
  process.once('disconnect', () => {
    for (const [name, { script }] of loaded) {
      writeFileSync(join(directory, `${name}.compiled`), script.createCachedData(), { flush: true });
    }
  });
}

load(PROGRAM);
