import type { AssignedCommand } from '../../contract/command.ts';
import { AppError } from '../../contract/errors.ts';
import { parseSecret, secretParts } from '../../contract/secret.ts';
import type { TaskWork } from '../work.ts';

/** Secrets for one process: in its environment, and in files of its HOME. */
export interface CommandSecrets {
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** AppError secret-missing. From now on none of them leaves this worker readable. */
export async function readSecrets(
  { hide, vault }: Pick<TaskWork, 'hide' | 'vault'>,
  { command, secrets }: AssignedCommand,
): Promise<CommandSecrets> {
  const env: Record<string, string> = {};
  const files: Record<string, string> = {};
  for (const { account, place } of secrets) {
    const stored = await (await vault()).get(account);
    if (stored === null) {
      throw new AppError('secret-missing', `The vault has no secret ${account} for ${command.name}.`);
    }
    // One that has several parts, such as a token with its user, is given as what is secret of it.
    const [secret = ''] = secretParts(parseSecret(stored));
    hide(secret);
    if ('env' in place) env[place.env] = secret;
    else files[place.file] = secret;
  }
  return { env, files };
}
