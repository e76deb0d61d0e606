const PREFIX = 'left-';

/** The directory in `work/` that nobody could remove: set aside under this name, so that `doctor` tells it from one in use. */
export function leftoverName(name: string): string {
  return isLeftover(name) ? name : `${PREFIX}${name}`;
}

export function isLeftover(name: string): boolean {
  return name.startsWith(PREFIX);
}
