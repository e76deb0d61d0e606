/** Why a file that was named could not be read, as a sentence goes on after its name. */
export function unreadable({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
      return 'may not be read by you';
    case 'EISDIR':
      return 'is a directory, not a file';
    default:
      return `cannot be read (${code})`;
  }
}
