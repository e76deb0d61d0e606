import type { CommandDeclaration, Field, ProgressPattern } from './command-declaration.ts';

/** The alias of the operation's org inside a command that the sf CLI is logged in for. */
export const TARGET = 'target';

/** What the CLIs are told, so that they keep to their own HOME, ask nobody, and print lines that can be read. */
const QUIET = {
  CI: 'true',
  FORCE_COLOR: '1',
  SF_AUTOUPDATE_DISABLE: 'true',
  SF_CONTAINER_MODE: 'true',
  SF_DISABLE_TELEMETRY: 'true',
  // Tokens in JWT format do not work on SOAP.
  SF_ORG_METADATA_REST_DEPLOY: 'true',
  SF_SKIP_NEW_VERSION_CHECK: 'true',
  SF_USE_GENERIC_UNIX_KEYCHAIN: 'true',
  SF_USE_PROGRESS_BAR: 'false',
} as const;

const SF_PROGRESS: ProgressPattern[] = [
  { pattern: 'Components: (?<done>\\d+)/(?<total>\\d+)', unit: 'components' },
  { pattern: 'Successful: (?<done>\\d+)/(?<total>\\d+)', unit: 'tests' },
];
const SFP_PROGRESS: ProgressPattern[] = [
  { pattern: 'Status: ?(?<message>\\w+) +Progress: ?(?<done>\\d+)/(?<total>\\d+)', unit: 'components' },
];

export const SF: CommandDeclaration = {
  title: 'Run the sf CLI',
  org: true,
  login: 'sf',
  source: true,
  network: true,
  lane: 'exclusive',
  timeoutSeconds: 10_800,
  env: QUIET,
  tools: ['sf'],
  progress: SF_PROGRESS,
};

/** The sf CLI logs in; sfp reads what it has written. */
export const SFP: CommandDeclaration = {
  ...SF,
  title: 'Run sfp',
  tools: ['sf', 'sfp'],
  progress: [...SFP_PROGRESS, ...SF_PROGRESS],
};

export const text: Field = { type: 'string', minLength: 1 };
export const flag: Field = { type: 'boolean' };
export const names: Field = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 255 },
  maxItems: 2_000,
};
export const path: Field = { type: 'string', minLength: 1, maxLength: 500 };
export const paths: Field = { ...names, items: { type: 'string', minLength: 1, maxLength: 500 } };
