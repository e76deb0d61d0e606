import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdHome } from '../../../src/daemon/store/daemon-lock.ts';
import { temporaryFile } from './home.ts';

const FIXTURE = new URL('./hold-home.fixture.ts', import.meta.url);

/** A process that tries to hold the home; resolves with what it says. */
async function another(lockFile: string): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(FIXTURE, [lockFile], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child, 'message');
  return { child, said };
}

describe('the lock of a home', () => {
  test('refuses a second daemon and names the first', async () => {
    const file = temporaryFile();
    const { child, said } = await another(file);
    expect(said).toBe('held');
    expect(() => holdHome(file)).toThrow(
      expect.objectContaining({
        code: 'daemon-running',
        message: expect.stringContaining(`pid ${child.pid} `),
      }),
    );
  });

  test('is given back by kill -9', async () => {
    const file = temporaryFile();
    const { child } = await another(file);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    holdHome(file).release();
  });

  test('is given back by release, twice if need be', async () => {
    const file = temporaryFile();
    const held = holdHome(file);
    expect(existsSync(`${file}.pid`)).toBe(true);
    held.release();
    held.release();
    expect(existsSync(`${file}.pid`)).toBe(false);
    const { child, said } = await another(file);
    expect(said).toBe('held');
    const exited = once(child, 'exit');
    child.send('release');
    await exited;
    holdHome(file).release();
  });

  test('goes to exactly one of many that start at once', async () => {
    const file = temporaryFile();
    const all = await Promise.all(Array.from({ length: 6 }, () => another(file)));
    expect(all.map(({ said }) => said).sort()).toEqual([...Array(5).fill('daemon-running'), 'held']);
  });

  test('says what is wrong with a file that is none', async () => {
    const file = temporaryFile();
    writeFileSync(file, 'not a database, and long enough to be told from one: '.repeat(40));
    expect(() => holdHome(file)).toThrow(
      expect.objectContaining({ code: 'store-unavailable', message: `The lock ${file} cannot be used.` }),
    );
  });
});
