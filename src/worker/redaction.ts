import { isInKey, maskLines, maskShapes, REDACTED } from '../contract/secret-shapes.ts';
import { formsOf } from './secret-forms.ts';

/** Of a shorter form a break in the middle would lead to ordinary text being masked. */
const LEAST_BROKEN_CHARACTERS = 8;
const HEAD_CHARACTERS = 8;

/** Masks secrets in everything that leaves a worker, whichever way they were written down. */
export interface Redaction {
  /** From now on this value is masked, in every form. */
  register(secret: string): void;
  /** Also where a line break stands in the middle of a secret; the lines stay as many as they were. */
  text(text: string): string;
  /** The same, for every string and every key of a JSON value. */
  json<T>(value: T): T;
  /** Hears a text piece by piece, and says of each whether a secret may have begun that goes on in the next one. */
  follow(): (piece: string) => boolean;
}

export function createRedaction(): Redaction {
  const forms = new Set<string>();
  let known: RegExp | null = null;
  let breakable: RegExp | null = null;
  const heads = createHeads();

  const text = (given: string): string => {
    let masked = known === null ? given : given.replace(known, REDACTED);
    if (breakable !== null && masked.includes('\n')) masked = maskBroken(masked, breakable);
    return maskShapes(masked);
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
    follow() {
      let inKey = false;
      let begun = '';
      return (piece) => {
        inKey = isInKey(piece, inKey);
        begun = heads.beginningIn(begun + withoutBreaks(`\n${piece}`));
        return inKey || begun !== '';
      };
    },
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

/** How forms begin: few looks tell whether the end of a text may be the beginning of one. */
function createHeads() {
  const short = new Set<string>();
  const long = new Map<string, string[]>();
  let longest = 0;
  const isBegun = (rest: string): boolean =>
    long
      .get(rest.slice(0, HEAD_CHARACTERS))
      ?.some((form) => form.length > rest.length && form.startsWith(rest)) === true;
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
    /** The longest end of the text that may be the beginning of a form. What stands before it never will be, whatever follows. */
    beginningIn(text: string): string {
      for (let at = Math.max(0, text.length - longest); at < text.length; at += 1) {
        const rest = text.slice(at);
        if (rest.length < HEAD_CHARACTERS ? short.has(rest) : isBegun(rest)) return rest;
      }
      return '';
    },
  };
}
