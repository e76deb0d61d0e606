import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemdEnvironment } from '../config/systemd-environment.ts';
import { AppError } from '../contract/errors.ts';
import { CADDY_UNIT, DAEMON_UNIT, UNIT_MARK, type Unit } from './systemd-units.ts';

export type UnitKind = 'system' | 'user';

/** AppError `systemd-failed` with systemd's own words. False: there is no systemd-analyze that could look. */
export async function verifyUnits(kind: UnitKind, units: readonly Unit[]): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'sfp-units-'));
  try {
    const files = units.map(({ name }) => join(directory, name));
    for (const unit of units) await writeFile(join(directory, unit.name), unit.text);
    const { exitCode, all, code } = await execa(
      'systemd-analyze',
      [...manager(kind), 'verify', '--man=no', ...files],
      { reject: false, all: true, extendEnv: false, env: systemdEnvironment(directory) },
    );
    if (code === 'ENOENT') return false;
    // other units of the machine may be complained about as well
    const complaints = all.split('\n').filter((line) => units.some(({ name }) => line.includes(name)));
    if (exitCode === 0 && complaints.length === 0) return true;
    const words = (complaints.length > 0 ? complaints : [all]).join(' ').replaceAll(`${directory}/`, '');
    throw new AppError('systemd-failed', `systemd does not accept the units: ${words}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** All or nothing: a unit of somebody else in the place of one is found before the first is written. */
export async function writeUnits(directory: string, units: readonly Unit[]): Promise<readonly string[]> {
  const files = units.map(({ name }) => join(directory, name));
  for (const file of files) await refuseForeign(file);
  return writing(directory, async () => {
    await mkdir(directory, { recursive: true });
    for (const unit of units) await writeFile(join(directory, unit.name), unit.text, { mode: 0o644 });
    return files;
  });
}

/** The files that `install` wrote into a directory; also one that a later `install` would not write any more. */
export async function ownUnits(directory: string): Promise<readonly string[]> {
  const files = [CADDY_UNIT, DAEMON_UNIT].map((name) => join(directory, name));
  const texts = await Promise.all(files.map(readIfThere));
  return files.filter((_, index) => texts[index]?.startsWith(UNIT_MARK));
}

export async function removeUnits(files: readonly string[]): Promise<void> {
  for (const file of files) await writing(file, () => rm(file));
}

/** Whether there is a manager to talk to: in containers and in chroots there is none. */
export async function systemdRuns(kind: UnitKind): Promise<boolean> {
  if (!existsSync('/run/systemd/system')) return false;
  const { exitCode } = await execa('systemctl', [...manager(kind), 'show-environment'], { reject: false });
  return exitCode === 0;
}

export async function systemctl(kind: UnitKind, ...words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execa('systemctl', [...manager(kind), ...words], { reject: false });
  if (exitCode === 0) return;
  throw new AppError('systemd-failed', `systemctl ${words.join(' ')} failed: ${stderr.trim()}`);
}

/** The same as a person would type it. */
export function systemctlLine(kind: UnitKind, ...words: readonly string[]): string {
  return ['systemctl', ...manager(kind), ...words].join(' ');
}

function manager(kind: UnitKind): readonly string[] {
  return kind === 'user' ? ['--user'] : [];
}

async function refuseForeign(file: string): Promise<void> {
  const text = await readIfThere(file);
  if (text === null || text.startsWith(UNIT_MARK)) return;
  throw new AppError('systemd-failed', `${file} exists and was not written by sfp-server install.`, {
    hint: 'Move it away, then run the command again.',
  });
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writing<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint = 'Run the command as root, or use --user for units of your own.';
    throw new AppError('systemd-failed', `${place} cannot be changed: ${message}.`, {
      cause,
      ...(code === 'EACCES' || code === 'EROFS' ? { hint } : { hint: 'Check the directory.' }),
    });
  }
}
