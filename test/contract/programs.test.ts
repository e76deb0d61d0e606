import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PROGRAMS, packageFileUrl, programUrl } from '../../src/contract/programs.ts';

const ROOT = new URL('../../', import.meta.url);

describe('a program of the package', () => {
  test.each(PROGRAMS)('%s is there, seen from the source and from the build', (program) => {
    expect(existsSync(programUrl(new URL('src/contract/programs.ts', ROOT).href, program))).toBe(true);
    expect(existsSync(programUrl(new URL('dist/chunks/any-chunk.js', ROOT).href, program))).toBe(true);
  });

  test('is found from the last src or dist of the way', () => {
    expect(programUrl('file:///srv/src/sfp/dist/chunks/a.js', 'daemon/store/thread').href).toBe(
      'file:///srv/src/sfp/dist/daemon/store/thread.js',
    );
    expect(programUrl('file:///srv/dist/sfp/src/cli/a.ts', 'vault/probe-keychain').href).toBe(
      'file:///srv/dist/sfp/dist/vault/probe-keychain.js',
    );
  });

  test('is for the worker a bundle of its own', () => {
    expect(programUrl('file:///srv/sfp/dist/chunks/a.js', 'worker/main').href).toBe(
      'file:///srv/sfp/dist/worker/main.cjs',
    );
  });

  test('lies beside package.json’s folder of code', () => {
    expect(packageFileUrl('file:///srv/sfp/dist/chunks/a.js', 'package.json').href).toBe(
      'file:///srv/sfp/package.json',
    );
  });
});
