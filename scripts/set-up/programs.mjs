import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, run, SetUpFailure } from './run.mjs';

/** What the tests really use, with the Debian package that has it. */
const NEEDED = [
  { package: 'git', isThere: () => has('git') },
  { package: 'bubblewrap', isThere: () => has('bwrap') },
  { package: 'openssh-client', isThere: () => has('ssh-keygen') },
  { package: 'caddy', isThere: () => has('caddy') },
  { package: 'gnome-keyring', isThere: () => has('gnome-keyring-daemon') },
  { package: 'dbus', isThere: () => has('dbus-daemon') && has('dbus-send') },
  { package: 'libsecret-1-0', isThere: hasLibsecret },
  { package: 'strace', isThere: () => has('strace') },
  { package: 'systemd', isThere: () => has('systemd-analyze') },
];
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs the missing programs where that is possible; SetUpFailure says what a person has to install. */
export async function installPrograms() {
  const missing = NEEDED.filter((one) => !one.isThere()).map((one) => one.package);
  if (missing.length === 0) return;
  const list = missing.join(' ');
  const apt = findProgram('apt-get');
  if (apt === undefined)
    throw new SetUpFailure(
      `The tests need programs that are missing (Debian names): ${list}. Install them, then run npm test again.`,
    );
  if (process.getuid?.() !== 0)
    throw new SetUpFailure(
      `The tests need programs that are missing: run "sudo apt-get install ${list}", then npm test again.`,
    );
  install(apt, missing);
  const still = NEEDED.filter((one) => !one.isThere()).map((one) => one.package);
  if (still.length > 0)
    throw new SetUpFailure(`apt-get installed ${still.join(' ')}, but the programs are not to be found.`);
}

function install(apt, missing) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const bringsCaddy = missing.includes('caddy');
  const isOurs = forbidServices();
  try {
    run('Reading the lists of Debian packages', apt, ['-qq', 'update'], { env });
    run(
      `Installing ${missing.join(', ')}`,
      apt,
      ['-qq', '-y', '--no-install-recommends', 'install', ...missing],
      { env },
    );
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
  // Debian's package would serve port 80 from the next boot on, and the tests need the program only.
  if (bringsCaddy) spawnSync('systemctl', ['disable', '--now', 'caddy.service'], { stdio: 'ignore' });
}

/** Keeps Debian's packages from starting services while they are installed (invoke-rc.d); false: the machine has its own rule. */
function forbidServices() {
  if (existsSync(POLICY)) return false;
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return true;
}

function has(program) {
  return findProgram(program) !== undefined;
}

/** keytar loads it at run time. */
function hasLibsecret() {
  const ldconfig = findProgram('ldconfig');
  if (ldconfig === undefined) return false;
  return spawnSync(ldconfig, ['-p'], { encoding: 'utf8' }).stdout.includes('libsecret-1.so.0');
}
