import { Plugin } from '@oclif/core';
import { DEFAULT_CONFIGURATION } from '../src/contract/configuration.ts';
import {
  FINAL_STATES,
  OPERATION_STATES,
  type OperationState,
  STATES,
  TRANSITIONS,
} from '../src/contract/operation.ts';
import { PLACEHOLDER_PATHS, renderCaddyfile } from '../src/edge/render.ts';
import { configurationKeys } from './configuration-keys.ts';

/** Every generated file, by its path, as it should be now; `dist/` must be built, the commands are read there. */
export async function generated(): Promise<Readonly<Record<string, string>>> {
  return {
    Caddyfile: renderCaddyfile(DEFAULT_CONFIGURATION, PLACEHOLDER_PATHS),
    'oclif.manifest.json': await manifest(),
    'docs/states.md': states(),
    'docs/configuration.md': configurationKeys(),
  };
}

/** What oclif reads instead of loading every command. */
async function manifest(): Promise<string> {
  const root = new URL('..', import.meta.url).pathname;
  const plugin = new Plugin({
    root,
    type: 'core',
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const { commands, version } = plugin.manifest;
  const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: sorted, version }, null, 2)}\n`;
}

function states(): string {
  const moves = OPERATION_STATES.flatMap((from) =>
    (TRANSITIONS[from] as readonly OperationState[]).map((to) => `    ${from} --> ${to}`),
  );
  return `# The states of an operation

Generated from \`src/contract/operation.ts\` by \`npm run generate\`.

\`\`\`mermaid
stateDiagram-v2
    [*] --> scheduled
    [*] --> queued
${moves.join('\n')}
${FINAL_STATES.map((state) => `    ${state} --> [*]`).join('\n')}
\`\`\`

| state | what is true |
|---|---|
${OPERATION_STATES.map((state) => `| \`${state}\` | ${STATES[state]} |`).join('\n')}
`;
}
