import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/** Installs the npm packages of the lock file, where they are not all there in just these versions. */
export async function installPackages(root) {
  if (isInstalled(root)) return;
  const flags = [
    'ci',
    '--include=dev',
    '--ignore-scripts=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  // Inside an npm script, npm says where it is itself; the npm on PATH may be another one.
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : null;
  const [command, given] = npm === null ? ['npm', flags] : [process.execPath, [npm, ...flags]];
  run('Installing the npm packages', command, given, { cwd: root });
}

function isInstalled(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null || installed === null) return false;
  return (
    Object.entries(wanted).every(([path, one]) => isThere(one, installed[path], path)) && hasOwnNode(root)
  );
}

/** The lock file names optional packages of other systems too, which are rightly not there. */
function isThere(wanted, installed, path) {
  if (path === '' || wanted.link) return true;
  if (installed === undefined) return wanted.optional === true;
  return installed.version === wanted.version && installed.integrity === wanted.integrity;
}

/** By path; null: there is no such file, or an interrupted installation left it damaged. */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

/** The package `node` fetches its program by an install script, which a user's npm configuration may have refused. */
function hasOwnNode(root) {
  return spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version']).status === 0;
}
