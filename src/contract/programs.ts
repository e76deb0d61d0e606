/** Files of the package that run in a process or thread of their own; the build keeps each at its path. */
export const PROGRAMS = [
  'daemon/hooks/rules-process',
  'daemon/store/thread',
  'vault/probe-keychain',
  'worker/main',
] as const;
export type Program = (typeof PROGRAMS)[number];

/**
 * The URL of a program, from that of any module of the package (`import.meta.url`): one file of the build holds many modules, so a
 * path from one module to another says nothing. What is started runs from the build, also where the module is source code (in a
 * checkout, and in tests): Node strips types with WebAssembly, and a process whose threads come and go with it crashes now and then.
 */
export function programUrl(moduleUrl: string, program: Program): URL {
  // The worker has a bundle of its own, which runs from compiled code (docs/adr/0017).
  const extension = program === 'worker/main' ? '.cjs' : '.js';
  return packageFileUrl(moduleUrl, `dist/${program}${extension}`);
}

/** The URL of a file beside `src/` and `dist/`. */
export function packageFileUrl(moduleUrl: string, file: string): URL {
  return new URL(`../${file}`, directoryOf(moduleUrl));
}

/** `<package>/src/` or `<package>/dist/`, whichever the module lies in. */
function directoryOf(moduleUrl: string): string {
  const [directory = moduleUrl] = /^.*\/(?:dist|src)\//.exec(moduleUrl) ?? [];
  return directory;
}
