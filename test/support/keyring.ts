import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Keyring {
  /** What a process needs to find this keyring and no other. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A message bus and an unlocked gnome-keyring of their own; nothing of the machine's is touched. */
export async function startKeyring(): Promise<Keyring> {
  const home = mkdtempSync(join(tmpdir(), 'sfp-keyring-'));
  const socket = join(home, 'bus');
  const runtime = join(home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  };
  const bus = spawn(
    'dbus-daemon',
    ['--session', '--nofork', '--nopidfile', `--address=unix:path=${socket}`],
    {
      env: environment,
      stdio: 'ignore',
    },
  );
  await until(() => existsSync(socket), 'the message bus has no socket');
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  daemon.stdin.end('a password of this test');
  await until(() => ownsSecretService(environment), 'the keyring did not come up');
  const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = environment;
  return {
    environment: { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR },
    async stop() {
      await end(daemon);
      await end(bus);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** True when the login collection is there: the service's name alone comes up before it is unlocked. */
async function ownsSecretService(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const asked = spawn(
    'dbus-send',
    [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.secrets',
      '/org/freedesktop/secrets/collection/login',
      'org.freedesktop.DBus.Properties.Get',
      'string:org.freedesktop.Secret.Collection',
      'string:Locked',
    ],
    { env: environment, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let answer = '';
  asked.stdout.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await new Promise((resolve) => asked.once('close', resolve));
  return answer.includes('boolean false');
}

async function until(condition: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await pause(50);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
