import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { Paths } from '../config/paths.ts';
import { isInstalled, toolDirectory } from '../config/tool-place.ts';
import type { Tool } from '../contract/command-declaration.ts';
import { AppError } from '../contract/errors.ts';

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
    await install(made, [tool.npm], tool);
    await linkPrograms(made, tool.npm);
    if (tool.plugins !== undefined) await addPlugins(made, tool.plugins, tool);
    await rename(made, directory).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was first, with the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return { ...about, installed: 'now' };
}

async function install(directory: string, packages: readonly string[], tool: Tool): Promise<void> {
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true }), { flag: 'wx' });
  const flags = [
    ...['--save-exact', '--omit=dev', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
    ...(tool.scripts === true ? [] : ['--ignore-scripts']),
    ...(tool.registry === undefined ? [] : [`--registry=${tool.registry}`]),
  ];
  const npm = await execa('npm', ['install', ...flags, ...packages], {
    cwd: directory,
    stdin: 'ignore',
    reject: false,
    all: true,
  });
  if (!npm.failed) return;
  const reason = npm.code === 'ENOENT' ? 'the program npm is not on PATH' : npm.all.trim();
  throw new AppError('tool-install-failed', `${packages.join(' ')} could not be installed: ${reason}`);
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
async function addPlugins(directory: string, plugins: readonly string[], tool: Tool): Promise<void> {
  const place = join(directory, 'plugins');
  await mkdir(place);
  await install(place, plugins, tool);
  const file = join(place, 'package.json');
  const described = JSON.parse(await readFile(file, 'utf8')) as object;
  const user = plugins.map((pinned) => {
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
