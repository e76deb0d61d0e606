import { expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/file.ts';
import { initialConfiguration } from '../../src/config/initial.ts';
import { DEFAULT_CONFIGURATION } from '../../src/contract/configuration.ts';

it('the file that init writes says the defaults', () => {
  for (const vault of ['keychain', 'file'] as const) {
    expect(parseConfiguration(initialConfiguration({ vault }), 'sfp-server.yaml')).toEqual({
      ...DEFAULT_CONFIGURATION,
      vault: { provider: vault },
    });
  }
});

it('its comments are valid once the hash is taken away', () => {
  const uncommented = initialConfiguration({ vault: 'file' })
    .split('\n')
    .map((line) => line.replace(/^ {2}# ( *)/, '  $1'))
    .join('\n');
  const configuration = parseConfiguration(uncommented, 'sfp-server.yaml');
  expect(Object.keys(configuration.orgs)).toEqual(['uat', 'production']);
  expect(configuration.directories).toEqual(['/srv/metadata']);
  expect(Object.keys(configuration.repos)).toEqual(['crm']);
  expect(configuration.hooks['github']?.rules.map(({ name }) => name)).toEqual([
    'pull request',
    'push to main',
  ]);
  expect(Object.keys(configuration.schedules)).toEqual(['nightly-validation']);
  expect(configuration.edge.group).toBe('caddy');
});
