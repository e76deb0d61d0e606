export type Line = string;

/** `head { … }`, its lines one tab further in: the form of `caddy fmt`. */
export function block(head: string, lines: readonly Line[]): Line[] {
  const indented = lines.map((line) => (line === '' ? '' : `\t${line}`));
  return [head === '' ? '{' : `${head} {`, ...indented, '}'];
}

export function text(lines: readonly Line[]): string {
  return `${lines.join('\n')}\n`;
}

/** A token as it is; in double quotes where it holds a space or a quote. */
export function quoted(token: string): string {
  return /^[^\s"`#\\]+$/.test(token) ? token : `"${token.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
