/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Shorter values would mask ordinary text. */
const LEAST_CHARACTERS = 4;
const LEAST_ENCODED_CHARACTERS = 8;
const LEAST_LINE_CHARACTERS = 16;

/** Secrets that show by their form, whoever they belong to. */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b00D[A-Za-z0-9]{12,15}(!|%21)[A-Za-z0-9._%-]{16,}/g, REDACTED],
  [/\bforce:\/\/\S+/g, REDACTED],
  [/\bsfp_[A-Za-z0-9_-]{43}/g, REDACTED],
  [/(\w:\/\/)[^\s/@]+@/g, `$1${REDACTED}@`],
  [/\b(Bearer|OAuth) [A-Za-z0-9._~+/!-]{16,}=*/g, `$1 ${REDACTED}`],
];

/** Masks secrets in everything that leaves a worker, whichever way they were written down. */
export interface Redaction {
  /** From now on this value is masked: as it is, and in base64, hexadecimal, URL and JSON form. */
  register(secret: string): void;
  text(text: string): string;
  /** The same, for every string and every key of a JSON value. */
  json<T>(value: T): T;
}

export function createRedaction(): Redaction {
  const forms = new Set<string>();
  let known: RegExp | null = null;

  const text = (given: string): string => {
    const masked = known === null ? given : given.replace(known, REDACTED);
    return PATTERNS.reduce((all, [pattern, replacement]) => all.replace(pattern, replacement), masked);
  };
  return {
    register(secret) {
      for (const form of formsOf(secret)) forms.add(form);
      known = alternatives(forms);
    },
    text,
    json: (value) => redactJson(value, text) as typeof value,
  };
}

function redactJson(value: unknown, text: (given: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((one) => redactJson(one, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [text(key), redactJson(one, text)]));
}

/** The longest first, so that a whole value is masked before a part of it. */
function alternatives(forms: ReadonlySet<string>): RegExp | null {
  if (forms.size === 0) return null;
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'g');
}

function formsOf(secret: string): readonly string[] {
  const whole = secret.trim();
  // A key of many lines may be quoted line by line.
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const parts =
    lines.length > 1
      ? lines.filter((line) => line.length >= LEAST_LINE_CHARACTERS && !/^-----/.test(line))
      : [];
  return [whole, ...parts].filter((part) => part.length >= LEAST_CHARACTERS).flatMap(encodingsOf);
}

function encodingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const hex = bytes.toString('hex');
  const encoded = [
    hex,
    hex.toUpperCase(),
    encodeURIComponent(secret),
    new URLSearchParams({ v: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
  ];
  return [secret, ...encoded.filter((form) => form.length >= LEAST_ENCODED_CHARACTERS)];
}

/** Inside a longer base64 text a value looks different at each of three offsets; its edges depend on its neighbours. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((shifted.length * 8) / 6);
  return [shifted.toString('base64').slice(first, last), shifted.toString('base64url').slice(first, last)];
}
