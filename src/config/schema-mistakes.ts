import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Configuration } from '../contract/configuration.ts';
import { suggestion } from './closest.ts';
import type { Mistake, Path } from './place.ts';

const validator = Compile(Configuration);

/** What a validator says of one value. */
interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** Where a value is not what the schema of `sfp-server.yaml` asks for; the validator names the first eight. */
export function schemaMistakes(value: unknown): readonly Mistake[] {
  const errors: readonly SchemaError[] = validator.Errors(value);
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath);
  return errors
    .filter((error) => error.keyword === 'anyOf' || !unions.some((path) => within(error.instancePath, path)))
    .flatMap((error) => mistakesOf(error));
}

function mistakesOf(error: SchemaError): readonly Mistake[] {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'boolean': // the schema of a key that no schema names
      return [unknownKey(path.slice(0, -1), String(path.at(-1)))];
    case 'additionalProperties':
      return []; // the same keys again, together
    case 'required': {
      const missing = (params['requiredProperties'] as string[]).map((key) => `"${key}"`).join(' and ');
      return [{ path, at: 'value', message: `${missing} is missing${ofKey(path)}` }];
    }
    default:
      return [{ path, at: 'value', message: `${nameOf(path)} ${explain(error, schemaAt(path))}` }];
  }
}

function unknownKey(path: Path, key: string): Mistake {
  const schema = schemaAt(path) as { properties?: object; patternProperties?: object } | null;
  const message =
    schema?.patternProperties === undefined
      ? `unknown key "${key}"${suggestion(key, Object.keys(schema?.properties ?? {}))}`
      : `"${key}" is no name: names ${patternInWords(Object.keys(schema.patternProperties)[0] ?? '')}`;
  return { path: [...path, key], at: 'key', message };
}

function explain(error: SchemaError, schema: TSchema | null): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'enum')
    return `must be one of ${words((schema as { enum?: unknown[] } | null)?.enum)}`;
  if (error.keyword === 'pattern') return patternInWords(String(params['pattern']));
  if (error.keyword === 'anyOf') {
    const forms = (schema as { anyOf?: { type?: string }[] } | null)?.anyOf ?? [];
    return `must be a valid ${forms.map(({ type }) => type ?? 'value').join(' or ')}`;
  }
  return error.message;
}

/** Patterns that people meet often, in words. */
function patternInWords(pattern: string): string {
  if (pattern === '^/') return 'must be an absolute path';
  if (pattern.startsWith('^[A-Za-z0-9]')) {
    return 'must start with a letter or a digit, have at most 63 characters, and hold no spaces';
  }
  if (pattern.startsWith('^[a-z0-9]')) {
    return 'must be lower case, start with a letter or a digit, have at most 63 characters, and hold no spaces';
  }
  return `must match ${pattern}`;
}

function words(values: readonly unknown[] | undefined): string {
  return (values ?? []).map((value) => String(value)).join(', ');
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the configuration';
  return typeof last === 'number' ? `entry ${last + 1} of "${path.at(-2)}"` : `"${last}"`;
}

function ofKey(path: Path): string {
  return path.length === 0 ? '' : ` in ${nameOf(path)}`;
}

/** JSON Pointer (RFC 6901) to keys and indices. */
function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function within(path: string, holder: string): boolean {
  return path === holder || path.startsWith(`${holder}/`);
}

/** The part of the schema that describes a path; null where there is none. */
function schemaAt(path: Path): TSchema | null {
  let schema: Record<string, unknown> | null = Configuration as unknown as Record<string, unknown>;
  for (const step of path) {
    const patterns = Object.values((schema['patternProperties'] as object | undefined) ?? {});
    const properties = (schema['properties'] as Record<string, unknown> | undefined) ?? {};
    const next: unknown = properties[String(step)] ?? patterns[0] ?? schema['items'];
    if (typeof next !== 'object' || next === null) return null;
    schema = next as Record<string, unknown>;
  }
  return schema as unknown as TSchema;
}
