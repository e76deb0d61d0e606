import { AppError } from '../../contract/errors.ts';
import { TARGET } from '../../contract/preset-parts.ts';
import type { Org } from '../salesforce/org.ts';
import type { SandboxPlace } from '../sandbox/place.ts';

/** The one command of the sf CLI that is handed the access token, and it alone; what it writes into its HOME is enough for the others. */
export function loginWords(instanceUrl: string): readonly string[] {
  return [
    ...['sf', 'org', 'login', 'access-token', '--no-prompt', '--instance-url', instanceUrl],
    ...['--alias', TARGET, '--set-default'],
  ];
}

/** The login knows nothing of the source code, and has none of the command's secret files: neither is a reason to fail, or what is logged in to. */
export function loginPlace(place: SandboxPlace): SandboxPlace {
  return { ...place, directory: place.workspace, source: null, files: {} };
}

/** Whatever the configuration in the source code says, the default org is that of the operation. */
export const LOGGED_IN = { SF_TARGET_ORG: TARGET } as const;

/** The session for a program that logs in by itself. */
export function sessionVariables(org: Pick<Org, 'accessToken' | 'instanceUrl'>): Record<string, string> {
  return { SF_ACCESS_TOKEN: org.accessToken(), SF_ORG_INSTANCE_URL: org.instanceUrl };
}

/** The org has given a session already, so this says nothing about the login that the vault has. */
export function loginFailed(exitCode: number, tail: readonly string[]): AppError {
  const said = tail.slice(-3).join(' / ');
  return new AppError('command-failed', `The sf CLI could not log in (exit code ${exitCode}): ${said}`);
}
