import { describe, expect, test } from 'vitest';
import { startServerWithOrg } from '../support/server-with-org.ts';
import { openTerminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

const { server } = await startServerWithOrg();

describe('enqueue on a terminal', () => {
  test('shows the live view, and leaves the result below it', async () => {
    const words = ['enqueue', 'salesforce.query', '-o', 'uat', '-i', 'soql=SELECT Id FROM Organization'];
    const terminal = openTerminal(words, server.paths.home);
    try {
      expect(await terminal.ended).toBe(0);
      expect(terminal.text()).toContain('Ctrl-C stops watching; the operation goes on.');
      expect(terminal.text()).toMatch(/✔ succeeded {2}salesforce.query → uat after/);
    } finally {
      terminal.kill();
    }
  });

  test('q stops watching, and the operation goes on', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const words = ['enqueue', 'salesforce.identity', '-o', 'uat', '--run-at', later];
    const terminal = openTerminal(words, server.paths.home);
    try {
      await until(
        async () => terminal.text().includes('is scheduled'),
        () => terminal.text(),
      );
      terminal.press('q');
      expect(await terminal.ended).toBe(69);
      expect(terminal.text()).toContain('No longer watched; the operation goes on (scheduled).');
    } finally {
      terminal.kill();
    }
  });
});
