import { readFileSync } from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { type Configuration, DEFAULT_CONFIGURATION } from '../contract/configuration.ts';
import { AppError } from '../contract/errors.ts';
import { commandMistakes } from './command-mistakes.ts';
import type { Paths } from './paths.ts';
import { atOffset, type Mistake, type Place, placeOf } from './place.ts';
import { poolMistakes } from './pool-mistakes.ts';
import { ruleMistakes } from './rule-mistakes.ts';
import { scheduleMistakes } from './schedule-mistakes.ts';
import { schemaMistakes } from './schema-mistakes.ts';
import { vaultMistakes } from './vault-mistakes.ts';
import { windowMistakes } from './window-mistakes.ts';

const SIZE_LIMIT_CHARACTERS = 1024 * 1024;
const LISTED_MISTAKES = 10;

/** AppError `home-missing` where there is no file, `configuration-invalid` with line and column where it is wrong. */
export function readConfiguration(paths: Paths): Configuration {
  return parseConfiguration(readText(paths.configuration), paths.configuration);
}

/** `file` is what messages call the text. What the text leaves out has its default. */
export function parseConfiguration(text: string, file: string): Configuration {
  if (text.length > SIZE_LIMIT_CHARACTERS) {
    throw new AppError('configuration-invalid', `${file} has more than ${SIZE_LIMIT_CHARACTERS} characters.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  refuse(file, yamlMistakes(document, lines));

  const configuration = withDefaults(toValue(document, file));
  const located = (mistakes: readonly Mistake[]) =>
    mistakes.map((mistake) => ({ ...placeOf(mistake, document, lines), message: mistake.message }));
  refuse(file, located(schemaMistakes(configuration)));
  const checked = configuration as Configuration;
  refuse(
    file,
    located([
      ...ruleMistakes(checked),
      ...scheduleMistakes(checked),
      ...windowMistakes(checked),
      ...poolMistakes(checked),
      ...vaultMistakes(checked),
      ...commandMistakes(checked),
    ]),
  );
  return checked;
}

type Located = Place & { readonly message: string };

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new AppError('home-missing', `There is no configuration at ${file}.`, { cause: error });
    }
    throw new AppError('configuration-invalid', `${file} cannot be read: ${message}.`, { cause: error });
  }
}

function yamlMistakes(document: Document.Parsed, lines: LineCounter): readonly Located[] {
  return [...document.errors, ...document.warnings].map((error) => ({
    ...atOffset(error.pos[0], lines),
    message:
      error.code === 'DUPLICATE_KEY' ? 'this key is here for the second time' : firstLine(error.message),
  }));
}

/** Aliases are resolved here, so that too many of them, or one without an anchor, is refused. */
function toValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new AppError('configuration-invalid', `${file}:1:1: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** A key without a value (`hooks:` above lines that are all comments) counts as left out. */
function withDefaults(value: unknown): unknown {
  if (!isMapping(value)) return value;
  const given = Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
  const merged: Record<string, unknown> = { ...DEFAULT_CONFIGURATION, ...given };
  for (const section of ['programs', 'vault', 'edge', 'idempotency', 'log', 'queue'] as const) {
    if (isMapping(given[section])) merged[section] = { ...DEFAULT_CONFIGURATION[section], ...given[section] };
  }
  if (isMapping(given['retention'])) {
    merged['retention'] = withKindDefaults(DEFAULT_CONFIGURATION.retention, given['retention']);
  }
  const orgs = merged['orgs'];
  if (isMapping(orgs)) {
    merged['orgs'] = Object.fromEntries(Object.entries(orgs).map(([alias, org]) => [alias, org ?? {}]));
  }
  return merged;
}

/** Each kind of what is kept has limits of its own; one that is left out has its default. */
function withKindDefaults(
  defaults: Configuration['retention'],
  given: Record<string, unknown>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [kind, limits] of Object.entries(given)) {
    const own = Object.hasOwn(defaults, kind) ? defaults[kind as keyof typeof defaults] : {};
    if (isMapping(limits)) merged[kind] = { ...own, ...limits };
    else if (limits !== null) merged[kind] = limits;
  }
  return merged;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(file: string, mistakes: readonly Located[]): void {
  if (mistakes.length === 0) return;
  const inOrder = mistakes.toSorted((left, right) => left.line - right.line || left.column - right.column);
  const listed = inOrder.slice(0, LISTED_MISTAKES);
  const sentences = listed.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  if (inOrder.length > listed.length) sentences.push(`and ${inOrder.length - listed.length} more`);
  throw new AppError('configuration-invalid', sentences.join('\n'));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
