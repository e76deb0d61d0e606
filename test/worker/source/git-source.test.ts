import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commandLines } from '../../support/command-lines.ts';
import { until } from '../../support/until.ts';
import { createBench, type WorkerBench } from '../worker-bench.ts';

let bench: WorkerBench;
let work: string;
let bare: string;

beforeEach(() => {
  bench = createBench();
  work = join(bench.directory, 'work-tree');
  bare = join(bench.directory, 'crm.git');
  mkdirSync(work);
  git('init', '--quiet', '--initial-branch=main');
  commit({ 'package.xml': '<Package/>', 'sub/dir/file.txt': 'one' }, 'First');
  execFileSync('git', ['clone', '--quiet', '--bare', work, bare]);
});

afterEach(() => bench.remove());

function git(...parameters: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
  return execFileSync('git', [...identity, ...parameters], { cwd: work, encoding: 'utf8' }).trim();
}

function commit(files: Record<string, string>, message: string): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(work, name, '..'), { recursive: true });
    writeFileSync(join(work, name), text);
  }
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD');
}

const push = (...refs: string[]) => git('push', '--quiet', '--force', bare, ...refs);
const fetch = (ref: string, wish: { url?: string; path?: string; secret?: string } = {}) =>
  bench.start({
    source: { kind: 'git', url: wish.url ?? bare, ref, path: wish.path ?? null, secret: wish.secret ?? null },
  });
const outcomeOf = async (ref: string, wish: Parameters<typeof fetch>[1] = {}) =>
  (await (await fetch(ref, wish)).ended).outcome;
/** HOME of the worker: all that its Git sees beside the source code. */
const home = () => join(bench.workspace, 'fetch-source', 'home');
/** With a program of our own in the place of ssh, where Git sees it. */
async function fetchWithSsh(script: string, machine: { bubblewrap?: null } = {}) {
  const directory = join(home(), 'bin');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ssh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${directory}:${process.env['PATH']}`);
  try {
    const url = 'ssh://git@localhost/crm.git';
    return await bench.start({
      source: { kind: 'git', url, ref: 'main', path: null, secret: null },
      ...machine,
    });
  } finally {
    vi.unstubAllEnvs();
  }
}

const source = (name = '.') => join(bench.workspace, 'source', name);

describe('source code from Git', () => {
  test('pins a branch, a tag, an annotated tag, a full ref, HEAD or a commit id, and checks exactly that out', async () => {
    const first = git('rev-parse', 'HEAD');
    git('tag', 'light');
    git('tag', '--annotate', 'heavy', '--message', 'release');
    git('update-ref', 'refs/pull/7/merge', first);
    push('main', 'light', 'heavy', 'refs/pull/7/merge');
    const second = commit({ 'package.xml': '<Package>2</Package>' }, 'Second');
    push('main');
    const pinned: Record<string, string> = {
      main: second,
      light: first,
      heavy: first,
      'refs/heads/main': second,
      'refs/pull/7/merge': first,
      HEAD: second,
      [first]: first,
    };
    for (const [ref, commitId] of Object.entries(pinned)) {
      expect(await outcomeOf(ref), ref).toEqual({
        state: 'succeeded',
        result: { directory: source(), commitId },
      });
      const text = commitId === first ? '<Package/>' : '<Package>2</Package>';
      expect(readFileSync(source('package.xml'), 'utf8'), ref).toBe(text);
    }
  });

  test('says what it checked out', async () => {
    const worker = await fetch('main');
    await worker.ended;
    const title = `Check out crm@${git('rev-parse', 'HEAD').slice(0, 7)}`;
    expect(worker.reports).toMatchObject([
      { kind: 'step', state: 'started', title: 'Check out crm@main' },
      { kind: 'step', state: 'done', title, detail: 'First' },
      { kind: 'outcome' },
    ]);
  });

  test('may be a directory within the repository, and never one outside', async () => {
    expect(await outcomeOf('main', { path: 'sub/dir' })).toMatchObject({
      state: 'succeeded',
      result: { directory: source('sub/dir') },
    });
    expect(await outcomeOf('main', { path: 'sub/none' })).toMatchObject({
      state: 'failed',
      error: { code: 'source-invalid', message: 'The source code has no directory sub/none.' },
    });
    expect(await outcomeOf('main', { path: '../task' })).toMatchObject({ error: { code: 'source-invalid' } });
  });

  test('that names no ref, or a commit that is not there, says so', async () => {
    for (const ref of ['nowhere', 'refs/heads/nowhere', '0123456789012345678901234567890123456789']) {
      expect(await outcomeOf(ref), ref).toMatchObject({
        state: 'failed',
        error: { code: 'git-ref-missing', message: `The repository has no ref ${ref}.`, retryable: false },
      });
    }
  });

  test('from a repository that is not there fails with the last lines of Git', async () => {
    expect(await outcomeOf('main', { url: join(bench.directory, 'none.git') })).toMatchObject({
      state: 'failed',
      error: {
        code: 'git-failed',
        message: expect.stringContaining('does not appear to be a git repository'),
      },
    });
  });

  test('takes no other way than https, ssh and a path of this machine', async () => {
    for (const url of ['http://127.0.0.1:1/crm.git', 'git://127.0.0.1:1/crm.git', `ext::touch ${work}/ran`]) {
      const outcome = await outcomeOf('main', { url });
      expect(outcome, url).toMatchObject({ error: { message: expect.stringMatching(/not allowed/) } });
    }
    expect(existsSync(join(work, 'ran'))).toBe(false);
  });

  test('makes no link of a link, so none leads out', async () => {
    symlinkSync('/etc/passwd', join(work, 'passwd'));
    commit({}, 'Link');
    push('main');
    expect(await outcomeOf('main')).toMatchObject({ state: 'succeeded' });
    expect(readFileSync(source('passwd'), 'utf8')).toBe('/etc/passwd');
  });

  test('runs no hook and no filter', async () => {
    const ran = join(bench.directory, 'ran');
    const script = `#!/bin/sh\ntouch ${ran}\n`;
    writeFileSync(join(bare, 'hooks', 'post-checkout'), script, { mode: 0o755 });
    commit({ '.gitattributes': '*.xml filter=evil\n', 'hooks/post-checkout': script }, 'Hook');
    push('main');
    expect(await outcomeOf('main')).toMatchObject({ state: 'succeeded' });
    expect(existsSync(ran)).toBe(false);
  });

  test('follows no submodule', async () => {
    const ran = join(bench.directory, 'ran');
    const module = `[submodule "sub"]\n\tpath = module\n\turl = ${bare}\n\tupdate = !touch ${ran}\n`;
    git('update-index', '--add', '--cacheinfo', `160000,${git('rev-parse', 'HEAD')},module`);
    writeFileSync(join(work, '.gitmodules'), module);
    git('add', '.gitmodules');
    git('commit', '--quiet', '--message', 'Module');
    push('main');
    expect(await outcomeOf('main')).toMatchObject({ state: 'succeeded' });
    expect(readdirSync(source('module'))).toEqual([]);
    expect(existsSync(ran)).toBe(false);
  });

  test('comes over ssh as well, and a refused connection is tried again', async () => {
    const [calls, reachable] = [join(home(), 'calls'), join(home(), 'crm.git')];
    mkdirSync(home(), { recursive: true });
    renameSync(bare, reachable);
    const worker = await fetchWithSsh(
      `echo call >> ${calls}\n[ $(wc -l < ${calls}) -gt 1 ] || { echo 'ssh: Connection refused' >&2; exit 255; }\nexec git upload-pack ${reachable}`,
    );
    expect((await worker.ended).outcome).toMatchObject({
      state: 'succeeded',
      result: { commitId: git('rev-parse', 'HEAD') },
    });
    expect(worker.reports).toContainEqual({
      kind: 'log',
      level: 'info',
      message: expect.stringContaining('Connection refused'),
    });
  });

  test.each([
    ['in a sandbox', {}],
    ['without one', { bubblewrap: null }],
  ] as const)('ends Git and all its children on a cancel, %s', async (_, machine) => {
    const up = join(home(), 'up');
    const mark = `${600 + Math.random()}`;
    const worker = await fetchWithSsh(`echo > ${up}\nexec sleep ${mark}`, machine);
    const sleeps = () => commandLines().some((line) => line.includes(`sleep ${mark}`));
    await until(() => existsSync(up) && sleeps());
    worker.cancel('request');
    expect(await worker.ended).toEqual({
      outcome: { state: 'cancelled', result: null },
      exit: 'it exited with code 0',
    });
    await until(() => !sleeps());
  });

  test('shows Git neither the vault, nor the keychain, nor another workspace, nor a home of the machine', async () => {
    const seen = join(home(), 'seen');
    const places = [join(bench.directory, 'vault'), '/run', '/root', join(bench.workspace, '..')];
    const look = places.map((place) => `ls ${place} >> ${seen}.files 2>> ${seen}`).join('\n');
    const worker = await fetchWithSsh(`${look}\nenv > ${seen}.env\nexit 255`);
    expect((await worker.ended).outcome).toMatchObject({ error: { code: 'git-failed' } });
    // of the other workspaces it sees the way to its own
    expect(readFileSync(`${seen}.files`, 'utf8')).toBe(`${basename(bench.workspace)}\n`);
    expect(readFileSync(seen, 'utf8').match(/No such file/g)).toHaveLength(3);
    expect(readFileSync(`${seen}.env`, 'utf8')).not.toMatch(/DBUS|XDG_RUNTIME_DIR|NODE_OPTIONS/);
  });

  test('with a secret leaves nothing of it behind, neither on disk nor in a message', async () => {
    const account = 'secret/default/github';
    await bench.storeSecret(account, 'ada:ghp_canary0123456789');
    const worker = await fetch('main', { secret: account });
    expect((await worker.ended).outcome).toMatchObject({ state: 'succeeded' });
    expect(worker.heard()).not.toContain('canary');
    const left = readdirSync(bench.workspace, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file, 'latin1').includes('canary'));
    expect(left).toEqual([]);
  });

  test('needs the secret that its repository declares', async () => {
    expect(await outcomeOf('main', { secret: 'secret/default/none' })).toMatchObject({
      state: 'failed',
      error: { code: 'secret-missing' },
    });
  });
});
