import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeSandbox } from '../../src/config/probe-sandbox.ts';
import { programPath } from '../../src/config/program-path.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-bw-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function program(script: string): string {
  const file = join(directory, 'bwrap');
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

describe('looking for a sandbox', () => {
  test('makes one with the bubblewrap of this machine', async () => {
    const { bubblewrap, part } = await probeSandbox();
    expect(part).toEqual({ part: 'sandbox', enforced: true, detail: '', hint: '' });
    expect(bubblewrap).toBe(programPath('bwrap'));
  });

  test('says that none is installed, and how to get it', async () => {
    const { bubblewrap, part } = await probeSandbox(null);
    expect(bubblewrap).toBeNull();
    expect(part).toMatchObject({ enforced: false, detail: 'bubblewrap is not installed' });
    expect(part.hint).toContain('apt-get install bubblewrap');
  });

  test('says that it is too old', async () => {
    const { part } = await probeSandbox(program('echo bubblewrap 0.6.1'));
    expect(part).toMatchObject({ enforced: false, detail: 'bubblewrap 0.6.1 is too old' });
  });

  test('says why it may not make one', async () => {
    const script =
      'test "$1" = --version && echo bubblewrap 0.8.0 && exit; echo "bwrap: No permissions" >&2; exit 1';
    const { bubblewrap, part } = await probeSandbox(program(script));
    expect(bubblewrap).toBeNull();
    expect(part.detail).toBe('bubblewrap could not make a sandbox: No permissions');
    expect(part.hint).toContain('user namespaces');
  });
});
