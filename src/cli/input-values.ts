import { readFile } from 'node:fs/promises';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../contract/errors.ts';
import type { JsonObject } from '../contract/values.ts';
import { unreadable } from './unreadable.ts';

interface Assignment {
  readonly path: readonly string[];
  readonly text: string;
}

/**
 * The input of a task from `name=value` pairs over a file. A value is JSON where it can be read as JSON, and text otherwise;
 * dots nest. Where the schema asks for text, what looks like a number (a commit id can) stays text.
 */
export async function readInput(options: {
  readonly assignments: readonly string[];
  readonly file: string | undefined;
  readonly schema: TSchema | null;
}): Promise<JsonObject> {
  const input = options.file === undefined ? {} : await readInputFile(options.file);
  const assignments = options.assignments.map(parseAssignment);
  for (const { path, text } of assignments) assign(input, path, jsonOrText(text));
  return options.schema === null ? input : withText(input, assignments, options.schema);
}

/** `name=value` pairs as they are: labels. */
export function readPairs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => splitPair(pair)));
}

async function readInputFile(file: string): Promise<JsonObject> {
  const text = await readText(file);
  const where = file === '-' ? 'standard input' : file;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid-json', `${where} holds no JSON: ${reason}.`, { cause });
  }
  throw new AppError('invalid-json', `${where} holds no JSON object.`);
}

async function readText(file: string): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new AppError('invalid-request', `${file} ${unreadable(cause)}.`, {
        cause,
        hint: 'Name a file that you may read, or - for standard input.',
      });
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}

function parseAssignment(pair: string): Assignment {
  const [name, text] = splitPair(pair);
  const path = name.split('.');
  if (path.some((part) => part === '' || part === '__proto__')) {
    throw new AppError('invalid-request', `"${name}" is no name of an input.`, {
      hint: 'Write --input name=value, with dots to nest: --input source.git.ref=main.',
    });
  }
  return { path, text };
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new AppError('invalid-request', `"${pair}" is no name=value pair.`, { hint: 'Write name=value.' });
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function assign(target: JsonObject, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner = target[name];
  const nested = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
  target[name] = nested;
  assign(nested as JsonObject, rest, value);
}

/** Takes a value back as text wherever the schema then has less to complain about. */
function withText(input: JsonObject, assignments: readonly Assignment[], schema: TSchema): JsonObject {
  let best = input;
  for (const { path, text } of assignments) {
    if (Value.Check(schema, best)) return best;
    const candidate = structuredClone(best);
    assign(candidate, path, text);
    if (complaints(schema, candidate) < complaints(schema, best)) best = candidate;
  }
  return best;
}

function complaints(schema: TSchema, value: unknown): number {
  return Value.Errors(schema, value).length;
}
