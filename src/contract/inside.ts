/** By their names, which are absolute. A path that leads up again is inside of nothing. */
export function isInside(path: string, directory: string): boolean {
  if (path.split('/').includes('..')) return false;
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
