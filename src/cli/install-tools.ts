import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { npmEnvironment } from '../config/environment.ts';
import type { Paths } from '../config/paths.ts';
import { isInstalled, toolDirectory } from '../config/tool-place.ts';
import type { Tool } from '../contract/command-declaration.ts';
import { AppError } from '../contract/errors.ts';

const LOCK_FILE = 'package-lock.json';
const PLUGINS = 'plugins';
/** An installation that was killed leaves its half behind. */
const ABANDONED_MS = 24 * 3_600_000;
const UNFINISHED = '.new-';

export interface InstalledTool {
  readonly name: string;
  readonly npm: string;
  readonly directory: string;
  readonly installed: 'now' | 'before';
}

/**
 * Installs what is not there yet, each whole or not at all: it is made beside its place and moved there in one step. What is
 * there is never changed, since commands may be using it.
 *
 * AppError tool-install-failed.
 */
export async function installTool(
  paths: Pick<Paths, 'tools'>,
  name: string,
  tool: Tool,
): Promise<InstalledTool> {
  const directory = toolDirectory(paths, tool);
  const about = { name, npm: tool.npm, directory };
  if (isInstalled(paths, tool)) return { ...about, installed: 'before' };
  await mkdir(paths.tools, { recursive: true, mode: 0o700 });
  await removeAbandoned(paths.tools);
  const made = await mkdtemp(join(paths.tools, UNFINISHED));
  try {
    await install({ directory: made, packages: [tool.npm], locked: lockOf(directory) }, tool);
    await linkPrograms(made, tool.npm);
    if (tool.plugins !== undefined) {
      const plugins = { directory: join(made, PLUGINS), packages: tool.plugins };
      await addPlugins({ ...plugins, locked: lockOf(directory, PLUGINS) }, tool);
    }
    await rename(made, directory).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was first, with the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await keepLock(join(directory, LOCK_FILE), lockOf(directory), made);
    await keepLock(join(directory, PLUGINS, LOCK_FILE), lockOf(directory, PLUGINS), made);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return { ...about, installed: 'now' };
}

interface Installation {
  readonly directory: string;
  readonly packages: readonly string[];
  /** Of an earlier time, which this one is to be the same as. */
  readonly locked: string;
}

async function install({ directory, packages, locked }: Installation, tool: Tool): Promise<void> {
  const isLocked = await copyIfThere(locked, join(directory, LOCK_FILE));
  const dependencies = isLocked ? await lockedDependencies(locked) : {};
  const described = JSON.stringify({ private: true, dependencies });
  await writeFile(join(directory, 'package.json'), described, { flag: 'wx' });
  const flags = [
    ...['--save-exact', '--omit=dev', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
    ...(tool.scripts === true ? [] : ['--ignore-scripts']),
    ...(tool.registry === undefined ? [] : [`--registry=${tool.registry}`]),
  ];
  const words = isLocked ? ['ci', ...flags] : ['install', ...flags, ...packages];
  const npm = await execa('npm', words, {
    cwd: directory,
    env: npmEnvironment(),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    all: true,
  });
  if (!npm.failed) return;
  const reason = npm.code === 'ENOENT' ? 'the program npm is not on PATH' : npm.all.trim();
  throw new AppError('tool-install-failed', `${packages.join(' ')} could not be installed: ${reason}`);
}

/** Beside a tool, so that it outlives it: what it was installed with, down to the last dependency. */
function lockOf(directory: string, part?: typeof PLUGINS): string {
  return [directory, ...(part === undefined ? [] : [part]), LOCK_FILE].join('.');
}

async function lockedDependencies(locked: string): Promise<Readonly<Record<string, string>>> {
  const { packages } = JSON.parse(await readFile(locked, 'utf8')) as {
    packages?: { ''?: { dependencies?: Record<string, string> } };
  };
  return packages?.['']?.dependencies ?? {};
}

/** In one step, since somebody else may be installing the same. */
async function keepLock(from: string, to: string, made: string): Promise<void> {
  const draft = `${made}.${LOCK_FILE}`;
  if (await copyIfThere(from, draft)) await rename(draft, to);
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** The package's own programs, without those of its dependencies, which would hide the system's. */
async function linkPrograms(directory: string, pinned: string): Promise<void> {
  await mkdir(join(directory, 'bin'));
  for (const program of await programsOf(directory, nameOf(pinned))) {
    await symlink(join('..', 'node_modules', '.bin', program), join(directory, 'bin', program));
  }
}

async function programsOf(directory: string, name: string): Promise<readonly string[]> {
  const file = join(directory, 'node_modules', name, 'package.json');
  const { bin } = JSON.parse(await readFile(file, 'utf8')) as { bin?: string | Record<string, string> };
  return typeof bin === 'string' ? [basename(name)] : Object.keys(bin ?? {});
}

/** As a CLI made with oclif keeps them for its user; `<PROGRAM>_DATA_DIR` leads there. */
async function addPlugins(plugins: Installation, tool: Tool): Promise<void> {
  await mkdir(plugins.directory);
  await install(plugins, tool);
  const file = join(plugins.directory, 'package.json');
  const described = JSON.parse(await readFile(file, 'utf8')) as object;
  const user = plugins.packages.map((pinned) => {
    const name = nameOf(pinned);
    return { name, tag: pinned.slice(name.length + 1), type: 'user' };
  });
  await writeFile(file, JSON.stringify({ ...described, oclif: { schema: 1, plugins: user } }, null, 2));
}

function nameOf(pinned: string): string {
  return pinned.slice(0, pinned.lastIndexOf('@'));
}

async function removeAbandoned(tools: string): Promise<void> {
  for (const name of await readdir(tools)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const place = join(tools, name);
    const made = await stat(place).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > ABANDONED_MS) {
      await rm(place, { recursive: true, force: true });
    }
  }
}
