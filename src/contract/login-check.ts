const PREFIX = 'login-check-';

/** The directory in `work/` of a login check that the command line runs; its owner removes it, wherever a server starts. */
export function loginCheckName(owner: number, operation: string): string {
  return `${PREFIX}${owner}-${operation}`;
}

/** The pid of the owner; null: it is the directory of something else. */
export function loginCheckOwner(name: string): number | null {
  const [pid = ''] = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-') : [];
  return /^[1-9]\d*$/.test(pid) ? Number(pid) : null;
}
