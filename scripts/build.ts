import { globSync, rmSync } from 'node:fs';
import { build } from 'rolldown';
import { PROGRAMS } from '../src/contract/programs.ts';
import { bundleWorker } from './bundle-worker.ts';
import { copyLicences } from './licences.ts';

/**
 * Builds `dist/`: each command, program and oclif hook stays at its path, what they share lies in chunks. Loading hundreds of small
 * modules takes longer than running them, and every worker starts anew.
 */
const entries = [
  ...globSync('src/commands/**/*.ts'),
  ...['cli/help', 'cli/command-not-found', 'daemon/main', ...PROGRAMS]
    .filter((name) => name !== 'worker/main')
    .map((name) => `src/${name}.ts`),
];
/** The only package that is built in (docs/adr/0021), but for what the worker has: 683 modules that every process would load. */
const BUILT_IN = 'typebox';

rmSync('dist', { recursive: true, force: true });
const { output } = await build({
  input: Object.fromEntries(entries.map((file) => [file.slice('src/'.length, -'.ts'.length), file])),
  platform: 'node',
  external: (id) => /^[@\w]/.test(id) && !id.startsWith('src/') && id.split('/')[0] !== BUILT_IN,
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
  },
});
const worker = await bundleWorker('dist/worker');
copyLicences(
  [...output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : [])), ...worker],
  'dist/licences',
);
