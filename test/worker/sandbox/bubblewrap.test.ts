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
});
