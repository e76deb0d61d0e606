import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { programPath } from '../../../src/config/program-path.ts';
import { removeTree } from '../../../src/daemon/dispatch/remove-tree.ts';
import {
  DEFAULT_SANDBOX_LIMITS,
  type SandboxLimits,
  type SandboxPlace,
} from '../../../src/worker/sandbox/place.ts';
import { runSandboxed, type SandboxOptions } from '../../../src/worker/sandbox/sandbox.ts';
import { createStops, Stopped } from '../../../src/worker/stopped.ts';
import { commandLines } from '../../support/command-lines.ts';
import { canMount, mountSmallDisk } from '../../support/small-disk.ts';

const BUBBLEWRAP = programPath('bwrap');
const PATH = '/usr/bin:/bin';
const MEGABYTE = 1024 * 1024;

let root: string;
let workspace: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-sb-')));
  workspace = join(root, 'work', 'w_1', 'task');
  mkdirSync(join(workspace, 'home'), { recursive: true });
});

afterEach(() => removeTree(root));

type Wish = Partial<Omit<SandboxOptions, 'limits'>> & { readonly limits?: Partial<SandboxLimits> };

function place(bubblewrap: string | null, given: Partial<SandboxPlace> = {}): SandboxPlace {
  return {
    workspace,
    home: { directory: join(workspace, 'home'), kept: false },
    files: {},
    directory: workspace,
    source: null,
    tools: [],
    machine: { bubblewrap, marker: 'w_1:task', environment: {} },
    ...given,
  };
}

async function run(words: readonly string[], where: SandboxPlace, wish: Wish = {}) {
  const lines: string[] = [];
  const end = await runSandboxed(words, where, {
    onLine: (line, stream) => void lines.push(`${stream}: ${line}`),
    signal: new AbortController().signal,
    network: false,
    ...wish,
    env: { PATH, HOME: where.home.directory, ...wish.env },
    limits: { ...DEFAULT_SANDBOX_LIMITS, graceMs: 300, ...wish.limits },
  });
  return { ...end, lines };
}

const sh = (script: string, where: SandboxPlace, wish?: Wish) => run(['sh', '-c', script], where, wish);

test('the tests have bubblewrap', () => {
  expect(BUBBLEWRAP).not.toBeNull();
});

describe.each([
  ['with bubblewrap', BUBBLEWRAP],
  ['without it', null],
] as const)('a program %s', (_, bubblewrap) => {
  test('hands its output over line by line, ends with its exit code, and reads what it is given', async () => {
    const done = await sh('cat; echo bad >&2; printf "no newline"; exit 3', place(bubblewrap), {
      stdin: 'one\ntwo\n',
    });
    expect(done.lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout: one',
      'stdout: two',
      'stdout: no newline',
    ]);
    expect(done.lines).toContain('stderr: bad');
    expect(done).toMatchObject({ exitCode: 3, signal: null, limit: null });
  });

  test('has the environment that it is given and its own marker, and works in its workspace', async () => {
    const done = await sh('env | sort; pwd; echo made > file', place(bubblewrap), {
      env: { SECRET: 'a b=c' },
    });
    expect(
      done.lines.map((line) => line.slice('stdout: '.length)).filter((line) => !/^(PWD|_|SHLVL)=/.test(line)),
    ).toEqual([
      `HOME=${join(workspace, 'home')}`,
      `PATH=${PATH}`,
      'SECRET=a b=c',
      'SFP_WORKER=w_1:task',
      workspace,
    ]);
    expect(readFileSync(join(workspace, 'file'), 'utf8')).toBe('made\n');
  });

  test('is told of the proxies, which may have a password, only where it has the network', async () => {
    const env = { HTTPS_PROXY: 'http://ada:word@proxy', no_proxy: 'localhost' };
    expect((await sh('env | grep -i proxy', place(bubblewrap), { env })).lines).toEqual([]);
    const told = await sh('env | grep -ci proxy', place(bubblewrap), { env, network: true });
    expect(told.lines).toEqual(['stdout: 2']);
  });

  test('finds the files that are laid into its home, readable by it alone', async () => {
    const files = { 'auth.json': '{"token":"t"}' };
    const done = await sh('cat $HOME/auth.json; stat -c %a $HOME/auth.json', place(bubblewrap, { files }));
    expect(done.lines).toEqual(['stdout: {"token":"t"}600']);
  });

  test('is no shell', async () => {
    const done = await run(['printf', '%s', '$(id); `id`'], place(bubblewrap));
    expect(done.lines).toEqual(['stdout: $(id); `id`']);
  });

  test('ends with 127 when there is no such program', async () => {
    expect(await run(['no-such-program'], place(bubblewrap))).toMatchObject({ exitCode: 127 });
  });

  test('is ended with SIGTERM first when its time is over', async () => {
    const script = 'trap "echo bye; exit 9" TERM; echo up; while :; do sleep 0.05; done';
    const done = await sh(script, place(bubblewrap), { limits: { timeMs: 500, graceMs: 10_000 } });
    expect(done.lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout: up', 'stdout: bye']);
    expect(done).toMatchObject({ exitCode: 9, limit: 'time' });
  });

  test('is killed when it does not heed SIGTERM', async () => {
    const done = await sh('trap "" TERM; while :; do sleep 0.05; done', place(bubblewrap), {
      limits: { timeMs: 300 },
    });
    expect(done).toMatchObject({ signal: 'SIGKILL', limit: 'time' });
  });

  test('ends with the worker that is told to stop, and the reason is thrown', async () => {
    const stops = createStops();
    const going = sh('echo up; sleep 60', place(bubblewrap), {
      signal: stops.signal,
      onLine: () => stops.stop('request'),
    });
    await expect(going).rejects.toEqual(new Stopped('request'));
  });

  test('is not started when the worker has stopped already', async () => {
    const stops = createStops();
    stops.stop('request');
    await expect(sh('echo > started', place(bubblewrap), { signal: stops.signal })).rejects.toThrow(Stopped);
    expect(() => readFileSync(join(workspace, 'started'))).toThrow('ENOENT');
  });

  test('may print so much and no more; a line without an end takes no memory', async () => {
    const limits = { outputBytes: 4 * MEGABYTE, lineCharacters: 1_000 };
    const before = process.memoryUsage().rss;
    const done = await sh('tr "\\0" x < /dev/zero', place(bubblewrap), { limits });
    expect(done.limit).toBe('output');
    expect(done.lines).toHaveLength(1);
    expect(done.lines[0]).toMatch(/^stdout: x{1000}… \(\d+ more characters\)$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEGABYTE);
  });

  test('writes no larger file than it may, opens no more files, dumps no core', async () => {
    const limits = { fileBytes: MEGABYTE, openFiles: 20 };
    const done = await sh(
      'ulimit -n; ulimit -c; head -c 3000000 /dev/zero > big; stat -c %s big',
      place(bubblewrap),
      {
        limits,
      },
    );
    expect(done.lines).toContain('stdout: 20');
    expect(done.lines).toContain('stdout: 0');
    // in whatever order the two streams are read
    expect(done.lines).toContain(`stdout: ${MEGABYTE}`);
  });

  test('is ended when its workspace grows beyond the limit', async () => {
    const script = 'i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > file$i; sleep 0.01; done';
    const done = await sh(script, place(bubblewrap), { limits: { diskBytes: 20 * MEGABYTE } });
    expect(done.limit).toBe('disk');
    expect(readdirSync(workspace).length).toBeLessThan(1_000);
  });

  test('is ended when it writes where no path leads any more', async () => {
    const deeper = 'for i in $(seq 25); do mkdir up; mv tree up/$name; mv up tree; done';
    const script = `name=$(printf %0200d 0); mkdir tree; exec 3> tree/big; ${deeper}; head -c 30000000 /dev/zero >&3; sleep 60`;
    const done = await sh(script, place(bubblewrap), {
      limits: { diskBytes: 20 * MEGABYTE, timeMs: 10_000 },
    });
    expect(done.limit).toBe('disk');
  });

  test.runIf(canMount)(
    'is ended before the disk is full, also by files that nobody sees any more',
    async () => {
      const disk = mountSmallDisk(200);
      try {
        const directory = join(disk.directory, 'w_1');
        mkdirSync(join(directory, 'home'), { recursive: true });
        const where = {
          workspace: directory,
          directory,
          home: { directory: join(directory, 'home'), kept: false },
        };
        const script =
          'exec 3> hidden; rm hidden; while :; do head -c 1000000 /dev/zero >&3 || exit 5; sleep 0.02; done';
        const done = await sh(script, place(bubblewrap, where));
        expect(done).toMatchObject({ limit: 'disk' });
      } finally {
        disk.remove();
      }
    },
  );

  test('uses no more processor time than it may', async () => {
    const done = await sh('while :; do :; done', place(bubblewrap), { limits: { cpuSeconds: 1 } });
    expect(done.signal).toBe('SIGXCPU');
  });

  test('slows down while nobody takes its lines', async () => {
    const seen: number[] = [];
    await sh('for i in 1 2 3; do echo $i; done', place(bubblewrap), {
      onLine: async (line) => {
        await new Promise(setImmediate);
        seen.push(Number(line));
      },
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  test('is ended when its lines cannot be taken', async () => {
    const failing = sh('echo up; sleep 60', place(bubblewrap), {
      onLine: () => Promise.reject(new Error('no room')),
    });
    await expect(failing).rejects.toThrow('no room');
  });
});

describe('a sandbox', () => {
  test('mounts source code read-only or read-write, and tools read-only', async () => {
    const [source, tool] = [join(root, 'work', 'w_1', 'source'), join(root, 'tool')];
    for (const path of [source, tool]) {
      mkdirSync(path);
      writeFileSync(join(path, 'file'), 'there\n');
    }
    const script = `cat ${source}/file ${tool}/file; echo x > ${source}/new && echo wrote; echo x > ${tool}/new`;
    const readable = await sh(
      script,
      place(BUBBLEWRAP, { tools: [tool], source: { directory: source, writable: false } }),
    );
    expect(readable.lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout: there',
      'stdout: there',
    ]);
    const writable = await sh(
      script,
      place(BUBBLEWRAP, { tools: [tool], source: { directory: source, writable: true } }),
    );
    expect(writable.lines).toContain('stdout: wrote');
    expect(writable.exitCode).not.toBe(0);
  });

  test("shows nothing of the server's home but what is named, also where that lies below a readable place", async () => {
    const home = join(root, 'home');
    const [work, tool] = [join(home, 'work', 'w_1'), join(home, 'tool')];
    for (const path of [join(work, 'home'), tool]) mkdirSync(path, { recursive: true });
    writeFileSync(join(home, 'control.key'), 'key\n');
    writeFileSync(join(tool, 'file'), 'tool\n');
    const where = place(BUBBLEWRAP, {
      workspace: work,
      directory: work,
      home: { directory: join(work, 'home'), kept: false },
      readable: [root],
      tools: [tool],
    });
    const shown = { ...where, machine: { ...where.machine, home } };
    const script = `cat ${home}/control.key; cat ${tool}/file; echo mine > ${work}/file; ls ${home}; echo x > ${home}/new`;
    const { lines } = await sh(script, shown);
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout: tool',
      'stdout: tool',
      'stdout: work',
    ]);
    expect(readFileSync(join(work, 'file'), 'utf8')).toBe('mine\n');
    expect(readdirSync(home).sort()).toEqual(['control.key', 'tool', 'work']);
  });

  test('leaves nothing of a secret file on the disk, also where its home outlives it', async () => {
    const files = { '.npm/token': 'canary-value' };
    const home = { directory: join(workspace, 'home'), kept: true };
    const done = await sh(
      'cat $HOME/.npm/token; stat -c :%a $HOME/.npm/token; echo made > $HOME/kept',
      place(BUBBLEWRAP, { files, home }),
    );
    expect(done.lines).toEqual(['stdout: canary-value:600']);
    expect(readFileSync(join(workspace, 'home', '.npm', 'token'), 'utf8')).toBe('');
    expect(readFileSync(join(workspace, 'home', 'kept'), 'utf8')).toBe('made\n');
  });

  test('says so when it cannot be made', async () => {
    const missing = sh('true', place(BUBBLEWRAP, { tools: [join(root, 'nowhere')] }));
    await expect(missing).rejects.toMatchObject({
      code: 'sandbox-failed',
      message: expect.stringContaining("Can't find source path"),
    });
    await expect(sh('true', place(join(root, 'bwrap')))).rejects.toMatchObject({ code: 'sandbox-failed' });
  });

  test('has no argument that holds a value of the environment', async () => {
    const stops = createStops();
    let seen: readonly string[] = [];
    const going = sh('echo up; sleep 60', place(BUBBLEWRAP), {
      env: { SECRET: 'canary-value' },
      signal: stops.signal,
      onLine() {
        seen = commandLines().filter((line) => line.includes('--json-status-fd'));
        stops.stop('request');
      },
    });
    await expect(going).rejects.toThrow(Stopped);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.join('\n')).not.toContain('canary-value');
  });
});
