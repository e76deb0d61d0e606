// Runs before anything is installed, on whatever Node the machine has: plain JavaScript, no packages.
// node scripts/set-up.mjs NAME [ARGUMENT…]: installs what is missing, then runs scripts/NAME.ts (bench: bench/bench.ts) on the checkout's own Node.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './set-up/packages.mjs';
import { installPrograms } from './set-up/programs.mjs';
import { SetUpFailure } from './set-up/run.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The exit code for what a person must set right first; as in src/contract/errors.ts. */
const CONFIGURATION = 78;
const PROGRAMS = { bench: 'bench/bench.ts' };
/** What only the tests need beyond npm packages. */
const NEEDS_PROGRAMS = ['test'];

const [name = '', ...given] = process.argv.slice(2);
try {
  await installPackages(ROOT);
  if (NEEDS_PROGRAMS.includes(name)) await installPrograms();
  handOver(PROGRAMS[name] ?? `scripts/${name}.ts`, given);
} catch (error) {
  if (!(error instanceof SetUpFailure)) throw error;
  console.error(error.message);
  process.exitCode = CONFIGURATION;
}

/** Ctrl-C reaches the whole terminal group, so this process only waits; a SIGTERM is handed on. */
function handOver(program, given) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const child = spawn(join(bin, 'node'), [program, ...given], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
