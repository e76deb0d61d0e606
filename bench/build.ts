import { execFileSync } from 'node:child_process';
import { build } from 'rolldown';

/** Programs that run the package's own code are built as the package is; they lie in `dist/`, where it finds its other programs. */
const PROGRAMS = ['daemon', 'bare-route'] as const;

export async function buildPrograms(): Promise<void> {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
  await build({
    input: Object.fromEntries(PROGRAMS.map((name) => [name, `bench/programs/${name}.ts`])),
    platform: 'node',
    external: (id) => /^[@\w]/.test(id) && !/^(src|bench)\//.test(id) && id.split('/')[0] !== 'typebox',
    output: {
      dir: 'dist/bench',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
    },
    logLevel: 'warn',
  });
}

/** The file of such a program. */
export function builtProgram(name: (typeof PROGRAMS)[number]): string {
  return new URL(`../dist/bench/${name}.js`, import.meta.url).pathname;
}
