import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where systemd reads units that an administrator, or a user, adds (systemd.unit(5)). */
export function unitDirectory(kind: 'system' | 'user', environment: NodeJS.ProcessEnv = process.env): string {
  if (kind === 'system') return '/etc/systemd/system';
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd', 'user');
}

/** systemd's programs for users refuse to look at a unit without a runtime directory; any directory will do for that. */
export function systemdEnvironment(
  runtimeDirectory: string,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return { ...environment, XDG_RUNTIME_DIR: environment['XDG_RUNTIME_DIR'] || runtimeDirectory };
}
