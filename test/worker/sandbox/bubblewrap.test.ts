import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bubblewrapArguments } from '../../../src/worker/sandbox/bubblewrap.ts';
import type { SandboxPlace } from '../../../src/worker/sandbox/place.ts';

const WORKSPACE = '/srv/home/w_1/task';
const PLACE: SandboxPlace = {
  workspace: WORKSPACE,
  home: { directory: `${WORKSPACE}/home`, kept: false },
  files: {},
  directory: WORKSPACE,
  source: null,
  tools: [],
  machine: { bubblewrap: '/usr/bin/bwrap', marker: 'w_1:task', environment: {} },
};
const WISH = { env: {}, network: false, limits: { temporaryBytes: 1_000 } };

const argumentsOf = (place: Partial<SandboxPlace> = {}, wish: Partial<typeof WISH> = {}): string =>
  bubblewrapArguments({ ...PLACE, ...place }, { ...WISH, ...wish }, []).join(' ');

/** The paths that stand behind an option, `--bind A B` by its B. */
function pathsBehind(option: string, all: readonly string[]): readonly string[] {
  return all.flatMap((one, index) => (one === option ? [all[index + 2] ?? ''] : []));
}

describe('the arguments of bubblewrap', () => {
  test('give a program namespaces of its own, no capability, no terminal, and no way to make a namespace', () => {
    const all = argumentsOf();
    for (const kind of ['user', 'pid', 'ipc', 'uts', 'cgroup', 'net'])
      expect(all).toContain(`--unshare-${kind}`);
    expect(all).toContain('--cap-drop ALL');
    expect(all).toContain('--disable-userns');
    expect(all).toContain('--new-session');
    expect(all).toContain('--die-with-parent');
  });

  test('leave it the network of the machine only where it is asked for', () => {
    expect(argumentsOf({}, { network: true })).not.toContain('--unshare-net');
  });

  test('let it write in its workspace, its home and temporary files, and nowhere else', () => {
    const all = bubblewrapArguments(PLACE, WISH, []);
    expect(pathsBehind('--bind', all)).toEqual([WORKSPACE]);
    expect(all.join(' ')).toContain(`--perms 0700 --size 1000 --tmpfs ${WORKSPACE}/home`);
    expect(all.join(' ')).toContain('--perms 1777 --size 1000 --tmpfs /tmp');
    for (const place of ['/', '/proc', '/dev']) expect(all.join(' ')).toContain(`--remount-ro ${place}`);
  });

  test('show it neither /run, /var, /sys, /root nor /home, and of /etc only what programs look up', () => {
    const shown = pathsBehind('--ro-bind-try', bubblewrapArguments(PLACE, WISH, []));
    expect(shown.filter((path) => /^\/(run|var|sys|root|home|srv|opt|mnt)\b/.test(path))).toEqual([]);
    expect(shown).not.toContain('/etc');
    expect(shown).toContain('/etc/ssl');
  });

  test('mount source code as it is asked for, and tools read-only', () => {
    const directory = '/srv/home/w_1/source';
    const tools = ['/opt/sf'];
    const readable = bubblewrapArguments(
      { ...PLACE, tools, source: { directory, writable: false } },
      WISH,
      [],
    );
    expect(pathsBehind('--ro-bind', readable)).toEqual(['/opt/sf', directory]);
    const writable = bubblewrapArguments({ ...PLACE, source: { directory, writable: true } }, WISH, []);
    expect(pathsBehind('--bind', writable)).toEqual([WORKSPACE, directory]);
  });

  test('keep a home that outlives the program on the disk', () => {
    const home = { directory: `${WORKSPACE}/home`, kept: true };
    const all = bubblewrapArguments({ ...PLACE, home }, WISH, []);
    expect(pathsBehind('--bind', all)).toEqual([WORKSPACE, home.directory]);
  });

  test("cover the server's home wherever it lies, before what a program may see of it", () => {
    const home = '/usr/local/sfp';
    const tools = ['/usr/local', `${home}/tools/sf`];
    const workspace = join(home, 'work', 'w_1', 'task');
    const all = bubblewrapArguments(
      { ...PLACE, workspace, tools, readable: [`${home}/repo`, '/srv'], machine: { ...PLACE.machine, home } },
      WISH,
      [],
    );
    const mounts = ['--ro-bind', '--ro-bind-try', '--tmpfs', '--bind'];
    const order = all.flatMap((one, index) => (mounts.includes(one) ? [all[index + 1]] : []));
    expect(order.slice(order.indexOf('/tmp') + 1)).toEqual([
      '/usr/local',
      '/srv',
      home,
      `${home}/tools/sf`,
      `${home}/repo`,
      workspace,
      PLACE.home.directory,
    ]);
    expect(order.indexOf('/usr')).toBeLessThan(order.indexOf(home));
  });

  test('lay a file into a home on the disk so that its text is in memory alone', () => {
    const file = { path: `${WORKSPACE}/home/.npmrc`, mode: '0600', descriptor: 5 } as const;
    const system = { path: '/etc/passwd', mode: '0644', descriptor: 6 } as const;
    const home = { directory: `${WORKSPACE}/home`, kept: true };
    const all = bubblewrapArguments({ ...PLACE, home }, WISH, [file, system]).join(' ');
    expect(all).toContain(`--perms 0600 --ro-bind-data 5 ${file.path}`);
    expect(all).toContain('--perms 0644 --file 6 /etc/passwd');
  });

  test('refuse a value with a NUL, behind which another option could stand', () => {
    const env = { GIVEN: 'x\0--bind\0/\0/' };
    expect(() => bubblewrapArguments(PLACE, { ...WISH, env }, [])).toThrow(/NUL/);
  });
});
