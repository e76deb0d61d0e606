import { formsOf } from './secret-forms.ts';

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Of a shorter form a break in the middle would lead to ordinary text being masked. */
const LEAST_BROKEN_CHARACTERS = 8;
const HEAD_CHARACTERS = 8;
const KEY_BEGINS = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g;

/** Secrets that show by their form, whoever they belong to. */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string | ((found: string) => string)])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, maskLines],
  // Salesforce: access tokens, refresh tokens, sfdx auth URLs
  [/\b00D[A-Za-z0-9]{12,15}(!|%21)[A-Za-z0-9._%-]{16,}/g, REDACTED],
  [/\b5Aep861[A-Za-z0-9._=-]{16,}/g, REDACTED],
  [/\bforce:\/\/\S+/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, REDACTED],
  // GitHub, GitLab, npm, and our own
  [/\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,})/g, REDACTED],
  [/\bsfp_[A-Za-z0-9_-]{43}/g, REDACTED],
  [/(\w:\/\/)[^\s/@]+@/g, `$1${REDACTED}@`],
  [/\b(Bearer|OAuth) [A-Za-z0-9._~+/!-]{16,}=*/g, `$1 ${REDACTED}`],
];

/** Masks secrets in everything that leaves a worker, whichever way they were written down. */
export interface Redaction {
  /** From now on this value is masked, in every form. */
  register(secret: string): void;
  /** Also where a line break stands in the middle of a secret; the lines stay as many as they were. */
  text(text: string): string;
  /** The same, for every string and every key of a JSON value. */
  json<T>(value: T): T;
  /** A secret may have begun at the end of this text, and go on in the next. */
  mayGoOn(text: string): boolean;
}

export function createRedaction(): Redaction {
  const forms = new Set<string>();
  let known: RegExp | null = null;
  let breakable: RegExp | null = null;
  const heads = createHeads();

  const text = (given: string): string => {
    let masked = known === null ? given : given.replace(known, REDACTED);
    if (breakable !== null && masked.includes('\n')) masked = maskBroken(masked, breakable);
    for (const [pattern, replacement] of PATTERNS) {
      masked =
        typeof replacement === 'string'
          ? masked.replace(pattern, replacement)
          : masked.replace(pattern, replacement);
    }
    return masked;
  };
  return {
    register(secret) {
      const added = formsOf(secret).filter((form) => !forms.has(form));
      for (const form of added) forms.add(form);
      heads.add(added);
      known = alternatives([...forms]);
      breakable = alternatives([...forms].filter((form) => form.length >= LEAST_BROKEN_CHARACTERS));
    },
    text,
    json: (value) => redactJson(value, text) as typeof value,
    mayGoOn: (given) => isInKey(given) || heads.endOf(withoutBreaks(given)),
  };
}

function redactJson(value: unknown, text: (given: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((one) => redactJson(one, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [text(key), redactJson(one, text)]));
}

/** The longest first, so that a whole value is masked before a part of it. */
function alternatives(forms: readonly string[]): RegExp | null {
  if (forms.length === 0) return null;
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'g');
}

/** A secret with a line break in the middle, as `base64` and terminals make it: matched as if it stood in one line. */
function maskBroken(given: string, pattern: RegExp): string {
  // Nearly always there is none, and to know where each character stood costs most.
  if (withoutBreaks(given).search(pattern) < 0) return given;
  const { text, places } = placesWithoutBreaks(given);
  let masked = '';
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const start = places[match.index] ?? 0;
    const end = (places[match.index + match[0].length - 1] ?? 0) + 1;
    masked += given.slice(done, start) + maskLines(given.slice(start, end));
    done = end;
  }
  return masked + given.slice(done);
}

/** Without line breaks and what indents the lines behind them. */
function withoutBreaks(given: string): string {
  return given.replace(/[\r\n]+[ \t]*/g, '');
}

/** The same, and where each character stood. */
function placesWithoutBreaks(given: string): { readonly text: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let text = '';
  for (const part of given.matchAll(/(?<=[\r\n])[ \t]*([^\r\n]*)|([^\r\n]+)/g)) {
    const found = part[1] ?? part[0];
    const start = part.index + part[0].length - found.length;
    for (let index = 0; index < found.length; index += 1) places.push(start + index);
    text += found;
  }
  return { text, places };
}

function maskLines(found: string): string {
  return found.replace(/[^\r\n]+/g, REDACTED);
}

/** A private key has begun, and its end has not come. */
function isInKey(text: string): boolean {
  const begins = [...text.matchAll(KEY_BEGINS)].at(-1)?.index;
  return begins !== undefined && !/-----END [A-Z ]*PRIVATE KEY-----/.test(text.slice(begins));
}

/** How forms begin: few looks tell whether the end of a text may be the beginning of one. */
function createHeads() {
  const short = new Set<string>();
  const long = new Map<string, string[]>();
  let longest = 0;
  return {
    add(forms: readonly string[]): void {
      for (const form of forms) {
        longest = Math.max(longest, form.length);
        for (let length = 1; length < Math.min(HEAD_CHARACTERS, form.length); length += 1)
          short.add(form.slice(0, length));
        const head = form.slice(0, HEAD_CHARACTERS);
        long.set(head, [...(long.get(head) ?? []), form]);
      }
    },
    endOf(text: string): boolean {
      for (let length = 1; length < HEAD_CHARACTERS; length += 1) {
        if (length <= text.length && short.has(text.slice(-length))) return true;
      }
      for (let at = Math.max(0, text.length - longest); at <= text.length - HEAD_CHARACTERS; at += 1) {
        const rest = text.slice(at);
        const begun = long.get(rest.slice(0, HEAD_CHARACTERS)) ?? [];
        if (begun.some((form) => form.length > rest.length && form.startsWith(rest))) return true;
      }
      return false;
    },
  };
}
