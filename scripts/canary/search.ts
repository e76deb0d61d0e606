import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that is known to this run; `name` says where it came from, which may be printed. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Never holds the secret itself. */
export interface Find {
  readonly secret: string;
  readonly form: string;
  readonly place: string;
}

export interface Search {
  /** Looks through one place; its name is for people. */
  through(place: string, content: Buffer | string): void;
  /** Looks through every file below a directory, and its name. `aside`: a directory that is left out. */
  throughFiles(directory: string, aside?: string): void;
  readonly finds: readonly Find[];
  /** How many places were looked through. */
  searched(): number;
}

interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly text: string;
}

const SHORTEST = 12;
/** After so many characters `base64` begins another line. */
const LINE = 76;

/** This search shares no code with the redaction that it judges. */
export function createSearch(secrets: readonly Secret[]): Search {
  const needles = secrets.flatMap(needlesOf);
  const finds: Find[] = [];
  let searched = 0;
  const through: Search['through'] = (place, content) => {
    searched += 1;
    const text = typeof content === 'string' ? content : content.toString('latin1');
    for (const { secret, form, text: needle } of needles) {
      if (text.includes(needle)) finds.push({ secret, form, place });
    }
  };
  const throughFiles: Search['throughFiles'] = (directory, aside) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (path === aside) continue;
      if (entry.isDirectory()) throughFiles(path, aside);
      else if (entry.isFile()) through(path, Buffer.concat([Buffer.from(path), readFileSync(path)]));
    }
  };
  return { through, throughFiles, finds, searched: () => searched };
}

/** A key of many lines counts line by line too. */
function needlesOf({ name, value }: Secret): readonly Needle[] {
  const lines = value.split('\n').filter((line) => line.length >= 40 && !line.startsWith('-----'));
  return [value, ...(value.includes('\n') ? lines : [])].flatMap((part) => formsOf(name, part.trim()));
}

function formsOf(secret: string, value: string): readonly Needle[] {
  const bytes = Buffer.from(value);
  const encoded = bytes.toString('base64');
  const all: readonly (readonly [form: string, text: string])[] = [
    ['plain', value],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ['URL', encodeURIComponent(value)],
    // of a short one that would be its base64 once more
    ['base64 in lines', encoded.length > LINE ? encoded.slice(0, LINE) : ''],
    ['form', new URLSearchParams([['', value]]).toString().slice(1)],
    ...[0, 1, 2].flatMap((offset) =>
      (['base64', 'base64url'] as const).map((form) => [form, insideBase64(bytes, offset, form)] as const),
    ),
  ];
  const told = new Map(all.filter(([, text]) => text.length >= SHORTEST).map(([form, text]) => [text, form]));
  return [...told].map(([text, form]) => ({ secret, form, text }));
}

/** What is sure to stand in the base64 of a longer text, behind `offset` more bytes: its first and last characters mix with others. */
function insideBase64(bytes: Buffer, offset: number, form: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString(form)
    .replace(/=+$/, '');
  return text.slice(offset === 0 ? 0 : offset + 1, -2);
}
