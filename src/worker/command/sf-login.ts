import { AppError } from '../../contract/errors.ts';
import { TARGET } from '../../contract/preset-parts.ts';
import type { Org } from '../salesforce/org.ts';

/** The one command of the sf CLI that is handed the access token, and it alone; what it writes into its HOME is enough for the others. */
export function loginWords(instanceUrl: string): readonly string[] {
  return [
    ...['sf', 'org', 'login', 'access-token', '--no-prompt', '--instance-url', instanceUrl],
    ...['--alias', TARGET, '--set-default'],
  ];
}

/** The session for a program that logs in by itself. */
export function sessionVariables(org: Pick<Org, 'accessToken' | 'instanceUrl'>): Record<string, string> {
  return { SF_ACCESS_TOKEN: org.accessToken(), SF_ORG_INSTANCE_URL: org.instanceUrl };
}

export function loginFailed(exitCode: number, tail: readonly string[]): AppError {
  const said = tail.slice(-3).join(' / ');
  return new AppError('login-refused', `The sf CLI could not log in (exit code ${exitCode}): ${said}`);
}
