import { expect, test } from 'vitest';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../../src/contract/configuration.ts';
import { createLaneRules } from '../../../src/daemon/dispatch/lane-rules.ts';

const DAY = { window: [{ from: '08:00', to: '18:00' }] };
let now = new Date('2026-06-01T07:00:00Z');
let configuration: Configuration = withOrgs({ prod: DAY, uat: { concurrency: 2 } });

function withOrgs(orgs: Configuration['orgs']): Configuration {
  return { ...DEFAULT_CONFIGURATION, orgs };
}

test('the rules follow the clock in both directions, and the configuration', () => {
  const rules = createLaneRules({ configuration: () => configuration, now: () => now });
  const closed = {
    prod: { to: 'exclusive', until: '2026-06-01T08:00:00.000Z', note: 'outside its window' },
  };
  expect(rules()).toEqual({ pools: {}, concurrency: { uat: 2 }, closed });
  expect(rules()).toBe(rules());
  now = new Date('2026-06-01T08:00:00Z');
  expect(rules()).toEqual({ pools: {}, concurrency: { uat: 2 }, closed: {} });
  now = new Date('2026-06-01T07:59:59Z'); // set back
  expect(rules().closed).toEqual(closed);
  now = new Date('2026-06-01T19:00:00Z');
  expect(rules().closed['prod']?.until).toBe('2026-06-02T08:00:00.000Z');
  configuration = withOrgs({ prod: { ...DAY, closedTo: 'all' }, uat: {} });
  expect(rules()).toMatchObject({ concurrency: {}, closed: { prod: { to: 'all' } } });
  configuration = withOrgs({ prod: {}, uat: {} });
  expect(rules()).toEqual({ pools: {}, concurrency: {}, closed: {} });
});
