/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

const KEY_BEGINS = '-----BEGIN [A-Z ]*PRIVATE KEY-----';
const KEY_ENDS = '-----END [A-Z ]*PRIVATE KEY-----';
const KEY = new RegExp(`${KEY_BEGINS}[\\s\\S]*?(${KEY_ENDS}|$)`, 'g');
const KEY_EDGE = new RegExp(`${KEY_BEGINS}|${KEY_ENDS}`, 'g');

/**
 * Programs that are not ours choose the text, so no pattern may look at one place again and again: where one begins inside of what it
 * runs over, it must say that it does not (the first look behind of a JWT), or thousands of beginnings are followed to the end.
 */
const SHAPES: readonly (readonly [shape: RegExp, replacement: string])[] = [
  // Salesforce: access tokens, refresh tokens, sfdx auth URLs
  [/\b00D[A-Za-z0-9]{12,15}(!|%21)[A-Za-z0-9._%-]{16,}/g, REDACTED],
  [/\b5Aep861[A-Za-z0-9._=-]{16,}/g, REDACTED],
  [/\bforce:\/\/\S+/g, REDACTED],
  // a JWT, with what stands before it without a gap
  [/(?<![\w-])(?=[\w-]*?\beyJ[\w-]{8})[\w-]+\.eyJ[\w-]{8,}\.[\w-]{8,}/g, REDACTED],
  // GitHub, GitLab, npm, and our own
  [/\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,})/g, REDACTED],
  [/\bsfp_[A-Za-z0-9_-]{43}/g, REDACTED],
  [/(\w:\/\/)[^\s/@]+@/g, `$1${REDACTED}@`],
  [/\b(Bearer|OAuth) [A-Za-z0-9._~+/!-]{16,}=*/g, `$1 ${REDACTED}`],
];

/** Masks secrets that show by their shape, whoever they belong to. Takes time in proportion to the text, whatever it holds. */
export function maskShapes(text: string): string {
  return SHAPES.reduce(
    (masked, [shape, replacement]) => masked.replace(shape, replacement),
    text.replace(KEY, maskLines),
  );
}

/** The lines stay as many as they were. */
export function maskLines(found: string): string {
  return found.replace(/[^\r\n]+/g, REDACTED);
}

/** Behind this piece of a text a private key has begun, and its end has not come. `before`: the same of the piece before it. */
export function isInKey(piece: string, before: boolean): boolean {
  const last = [...piece.matchAll(KEY_EDGE)].at(-1)?.[0];
  return last === undefined ? before : last.startsWith('-----BEGIN');
}
