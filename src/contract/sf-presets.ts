import type { CommandDeclaration, Field } from './command-declaration.ts';
import { flag, names, path, paths, SF, TARGET, text } from './preset-parts.ts';
import { TEST_LEVELS } from './test-levels.ts';

const testLevel: Field = { type: 'string', enum: [...TEST_LEVELS] };
const PARTS = { sourceDir: paths, manifest: path, metadata: names } as const;
const PART_WORDS = [
  ['--source-dir', '{{ with.sourceDir }}'],
  ['--manifest', '{{ with.manifest }}'],
  ['--metadata', '{{ with.metadata }}'],
];
const TESTS = { testLevel, tests: names } as const;
const TEST_WORDS = [
  ['--test-level', '{{ with.testLevel }}'],
  ['--tests', '{{ with.tests }}'],
];

/** The sf CLI as people use it most. */
export const SF_PRESETS = {
  'sf.deploy': {
    ...SF,
    title: 'Deploy with the sf CLI',
    run: [
      ...['sf', 'project', 'deploy', 'start', '--target-org', TARGET, '--wait', '600'],
      ...PART_WORDS,
      ...TEST_WORDS,
      { when: 'ignoreWarnings', words: ['--ignore-warnings'] },
    ],
    input: { properties: { ...PARTS, ...TESTS, ignoreWarnings: flag } },
  },
  'sf.validate': {
    ...SF,
    title: 'Validate a deployment with the sf CLI',
    // Nothing is changed in the org; done twice, it costs time.
    onWorkerLoss: 'retry',
    run: [
      ...['sf', 'project', 'deploy', 'validate', '--target-org', TARGET, '--wait', '600'],
      ...PART_WORDS,
      ...TEST_WORDS,
    ],
    input: { properties: { ...PARTS, ...TESTS } },
  },
  'sf.retrieve': {
    ...SF,
    title: 'Retrieve metadata with the sf CLI',
    lane: 'shared',
    onWorkerLoss: 'retry',
    run: [
      ...['sf', 'project', 'retrieve', 'start', '--target-org', TARGET, '--wait', '60'],
      ...['--output-dir', 'retrieved'],
      ...PART_WORDS,
    ],
    input: { properties: PARTS },
    artifacts: ['retrieved/**'],
  },
  'sf.test': {
    ...SF,
    title: 'Run Apex tests with the sf CLI',
    source: false,
    lane: 'shared',
    onWorkerLoss: 'retry',
    run: [
      ...['sf', 'apex', 'run', 'test', '--target-org', TARGET, '--wait', '600'],
      ...['--result-format', 'human', '--output-dir', 'test-results'],
      ...TEST_WORDS,
      ['--suite-names', '{{ with.suites }}'],
      { when: 'codeCoverage', words: ['--code-coverage'] },
    ],
    input: {
      properties: {
        testLevel: { type: 'string', enum: ['RunLocalTests', 'RunAllTestsInOrg', 'RunSpecifiedTests'] },
        tests: names,
        suites: names,
        codeCoverage: flag,
      },
    },
    artifacts: ['test-results/**'],
  },
  'sf.data': {
    ...SF,
    title: 'Query data with the sf CLI',
    source: false,
    lane: 'shared',
    onWorkerLoss: 'retry',
    run: [
      ...['sf', 'data', 'query', '--target-org', TARGET, '--query', '{{ with.query }}'],
      ...['--result-format', '{{ with.format }}'],
      { when: 'toolingApi', words: ['--use-tooling-api'] },
    ],
    input: {
      properties: {
        query: { ...text, maxLength: 100_000 },
        format: { type: 'string', enum: ['human', 'csv', 'json'], default: 'human' },
        toolingApi: flag,
      },
      required: ['query'],
    },
  },
} as const satisfies Record<string, CommandDeclaration>;
