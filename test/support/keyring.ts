import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export interface Keyring {
  /** What a process needs to find this keyring and no other. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A message bus and an unlocked gnome-keyring of their own; nothing of the machine's is touched. */
export async function startKeyring(): Promise<Keyring> {
  const home = mkdtempSync(join(tmpdir(), 'sfp-keyring-'));
  const address = `unix:path=${join(home, 'bus')}`;
  const runtime = join(home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const own = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime };
  const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, ...own };
  const started: ChildProcess[] = [];
  const stop = async () => {
    for (const child of started.reverse()) await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    started.push(await startBus(home, address, environment));
    started.push(unlock(environment));
    await until(
      () => isUnlocked(environment),
      () => 'The keyring did not come up.',
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { environment: own, stop };
}

/** A bus that starts no service by itself: a question asked early would wake a second, locked keyring, which takes the name. */
async function startBus(home: string, address: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const configuration = join(home, 'bus.conf');
  writeFileSync(configuration, busConfiguration(address));
  const flags = [`--config-file=${configuration}`, '--nofork', '--nopidfile', '--print-address=1'];
  const bus = spawn('dbus-daemon', flags, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    bus.stdout.once('data', () => resolve());
    bus.once('error', reject);
    bus.once('exit', (code) => reject(new Error(`dbus-daemon ended with ${code}.`)));
  });
  return bus;
}

function busConfiguration(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

function unlock(env: NodeJS.ProcessEnv): ChildProcess {
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  daemon.stdin.end('a password of this test');
  return daemon;
}

/** The service's name alone comes up before its collection is unlocked. */
async function isUnlocked(env: NodeJS.ProcessEnv): Promise<boolean> {
  const asked = spawn(
    'dbus-send',
    [
      `--bus=${env['DBUS_SESSION_BUS_ADDRESS']}`,
      '--print-reply',
      '--dest=org.freedesktop.secrets',
      '/org/freedesktop/secrets/collection/login',
      'org.freedesktop.DBus.Properties.Get',
      'string:org.freedesktop.Secret.Collection',
      'string:Locked',
    ],
    { env, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let answer = '';
  asked.stdout.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await new Promise((resolve) => asked.once('close', resolve));
  return answer.includes('boolean false');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
