import type { TSchema } from 'typebox';
import { Configuration, DEFAULT_CONFIGURATION } from '../src/contract/configuration.ts';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Key {
  readonly path: string;
  readonly schema: Schema;
}

/** What a key means wherever it stands, where its schema is one that others share. */
const SHARED: Readonly<Record<string, string>> = {
  kind: 'who sends the deliveries',
  secret: 'name of the signing secret: sfp-server secret set',
  tenant: 'whose operations they are; default: default',
  name: 'said in deliveries and in the log',
  event: 'of the delivery',
  action: 'of the event; default: any',
  branch: 'base of a pull request, or pushed to; default: any',
  task: 'kind of work: sfp-server enqueue --help',
  org: 'alias of an org, or a pool',
  priority: 'default: normal',
  input: 'of the task; strings of a rule may hold {{ JSONata }}',
  timeoutSeconds: "of one attempt; default: the task's",
  maxAttempts: "default: the task's",
  labels: 'to find its operations again',
  key: 'what waits under the same key is replaced by the newer',
  running: 'what becomes of one that runs already',
  reason: 'shown by what waits',
};

/** `docs/configuration.md`: every key that `sfp-server.yaml` may have, as the schema has it. */
export function configurationKeys(): string {
  const rows = keysOf('', Configuration as TSchema as Schema).map(({ path, schema }) => {
    const own = path.split('.').at(-1) ?? '';
    const meaning = (schema.description ?? SHARED[own] ?? '').replaceAll('|', '\\|');
    return `| \`${path}\` | ${kindOf(schema)} | ${defaultOf(path)} | ${meaning} |`;
  });
  return `# The keys of sfp-server.yaml

Generated from \`src/contract/configuration.ts\` by \`npm run generate\`. The file may be empty: what is left out has its default. A key that is not
here is refused, with its line. \`sfp-server init\` writes a file with comments and examples; SIGHUP reads it again. \`<name>\` is a name of your own, \`[]\` an
entry of a list.

| key | value | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** Those that hold a value themselves; what only groups others has no row. */
function keysOf(path: string, schema: Schema): readonly Key[] {
  const under = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (schema.properties !== undefined) {
    const keys = Object.entries(schema.properties).flatMap(([name, inner]) => keysOf(under(name), inner));
    return schema.description === undefined ? keys : keys.map((key) => withMeaning(key, schema));
  }
  const [named] = Object.values(schema.patternProperties ?? {});
  if (named?.properties !== undefined || named?.items !== undefined) return keysOf(under('<name>'), named);
  if (schema.items?.properties !== undefined) return keysOf(`${path}[]`, schema.items);
  return [{ path, schema }];
}

function withMeaning({ path, schema }: Key, { description = '' }: Schema): Key {
  return { path, schema: { description, ...schema } };
}

function kindOf(schema: Schema): string {
  const words =
    schema.enum ?? schema.anyOf?.flatMap((one) => (one.const === undefined ? [] : [one.const])) ?? [];
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(', ');
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    return `${schema.minimum} to ${schema.maximum}`;
  if (schema.items !== undefined) return 'list';
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(' or ');
  if (schema.patternProperties !== undefined) return 'names and values';
  return (
    { string: 'text', boolean: 'true, false', integer: 'number', object: 'names and values' }[
      schema.type ?? ''
    ] ?? 'any'
  );
}

/** Of what stands below a name of one's own, the meaning says it. */
function defaultOf(path: string): string {
  let found: unknown = DEFAULT_CONFIGURATION;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null) return '';
    found = (found as Record<string, unknown>)[name];
  }
  return found === undefined || typeof found === 'object' ? '' : `\`${found}\``;
}
