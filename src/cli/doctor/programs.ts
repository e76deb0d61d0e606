import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { caddyEnvironment } from '../../config/caddy-environment.ts';
import { programPath } from '../../config/program-path.ts';
import { packageFileUrl } from '../../contract/programs.ts';
import { type Check, missing, ok, warning } from './check.ts';

const LIMIT_MS = 15_000;
const LEAST_NODE = 24;

export function checkNode(version: string = process.versions.node): Check {
  const isEnough = Number(version.split('.')[0]) >= LEAST_NODE;
  return isEnough
    ? ok('Node', version)
    : missing('Node', `${version} is too old`, `Install Node ${LEAST_NODE} or later.`);
}

/** In a process of its own: a module for another system may take its process with it. */
export async function checkModule(name: string, trial: string): Promise<Check> {
  const cwd = fileURLToPath(packageFileUrl(import.meta.url, '.'));
  try {
    await promisify(execFile)(process.execPath, ['-e', trial], { cwd, timeout: LIMIT_MS });
    return ok(name, 'loads');
  } catch (error) {
    const reason = /^(?:\w*Error: )(.*)$/m.exec((error as Error).message)?.[1] ?? 'it ended its process';
    return missing(name, `does not load: ${reason}`, mendModule(reason));
  }
}

function mendModule(reason: string): string {
  return reason.includes('libsecret')
    ? 'Install libsecret (Debian and Ubuntu: apt-get install libsecret-1-0).'
    : 'Install the package again, on this machine and with this Node: npm install.';
}

/** The server limits requests itself too, so a Caddy without that module is good enough. */
export async function checkCaddy(): Promise<Check> {
  const path = programPath('caddy');
  const install = 'Install Caddy (Debian and Ubuntu: apt-get install caddy), or use another proxy in front.';
  if (path === null) return warning('Caddy', 'not installed: nothing outside can reach the server', install);
  try {
    const env = caddyEnvironment(dirname(path));
    const run = async (word: string) =>
      (await promisify(execFile)(path, [word], { env, timeout: LIMIT_MS })).stdout;
    const version = (await run('version')).trim().split(/\s+/)[0]?.replace(/^v/, '') ?? '';
    const limits = (await run('list-modules')).includes('http.handlers.rate_limit');
    return ok('Caddy', `${version}, ${limits ? 'with' : 'without'} its module for rate limits`);
  } catch (error) {
    return missing('Caddy', `does not run: ${(error as Error).message.split('\n')[0]}`, install);
  }
}

export async function checkGit(): Promise<Check> {
  const install = 'Install Git (Debian and Ubuntu: apt-get install git).';
  const path = programPath('git');
  if (path === null) return missing('Git', 'not installed: no source code from repositories', install);
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: LIMIT_MS });
    return ok('Git', stdout.trim().replace(/^git version /, ''));
  } catch (error) {
    return missing('Git', `does not run: ${(error as Error).message.split('\n')[0]}`, install);
  }
}
