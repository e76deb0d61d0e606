/** Files of the package that run in a process or thread of their own; the build keeps each at its path. */
export const PROGRAMS = [
  'daemon/hooks/rules-process',
  'daemon/store/thread',
  'vault/probe-keychain',
  'worker/main',
] as const;
export type Program = (typeof PROGRAMS)[number];

/**
 * The URL of a program, from that of any module of the package (`import.meta.url`): source code runs from `src/*.ts`, and in
 * the build one file holds many modules, so that a path from one module to another says nothing.
 */
export function programUrl(moduleUrl: string, program: Program): URL {
  const { directory, extension } = codeOf(moduleUrl);
  // The worker has a bundle of its own, which runs from compiled code (docs/adr/0017).
  const own = program === 'worker/main' && extension === '.js' ? '.cjs' : extension;
  return new URL(`${program}${own}`, directory);
}

/** The URL of a file beside `src/` and `dist/`. */
export function packageFileUrl(moduleUrl: string, file: string): URL {
  return new URL(`../${file}`, codeOf(moduleUrl).directory);
}

/** `<package>/src/` or `<package>/dist/`, whichever the module lies in. */
function codeOf(moduleUrl: string): { readonly directory: string; readonly extension: string } {
  const built = moduleUrl.lastIndexOf('/dist/');
  const source = moduleUrl.lastIndexOf('/src/');
  return built > source
    ? { directory: moduleUrl.slice(0, built + '/dist/'.length), extension: '.js' }
    : { directory: moduleUrl.slice(0, source + '/src/'.length), extension: '.ts' };
}
