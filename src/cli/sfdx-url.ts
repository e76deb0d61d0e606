import { AppError } from '../contract/errors.ts';
import type { OrgLogin } from '../contract/org-login.ts';
import { salesforceUrl } from './salesforce-url.ts';

/** `force://<clientId>:<clientSecret>:<refreshToken>@<host>`; the secret may be empty. */
const FULL = /^force:\/\/([^:@/\s]+):([^:@/\s]*):([^:@/\s]+)@((?:https?:\/\/)?[\w.-]+(?::\d+)?)\/?$/;
/** Without a client it belongs to the sf CLI's own. */
const SHORT = /^force:\/\/([^:@/\s]+)@((?:https?:\/\/)?[\w.-]+(?::\d+)?)\/?$/;
const DEFAULT_CLIENT = 'PlatformCLI';

/** The login behind an sfdx auth URL. AppError `secret-invalid`; its message never repeats the URL. */
export function parseSfdxUrl(text: string): Extract<OrgLogin, { kind: 'sfdx-url' }> {
  const url = text.trim();
  const full = FULL.exec(url);
  if (full !== null) {
    const [, clientId = '', clientSecret = '', refreshToken = '', host = ''] = full;
    return { kind: 'sfdx-url', clientId, clientSecret, refreshToken, instanceUrl: instanceOf(host) };
  }
  const short = SHORT.exec(url);
  if (short === null) throw malformed();
  const [, refreshToken = '', host = ''] = short;
  return {
    kind: 'sfdx-url',
    clientId: DEFAULT_CLIENT,
    clientSecret: '',
    refreshToken,
    instanceUrl: instanceOf(host),
  };
}

function instanceOf(host: string): string {
  const url = salesforceUrl(/^https?:\/\//.test(host) ? host : `https://${host}`);
  if (url === null) throw malformed();
  return url;
}

function malformed(): AppError {
  return new AppError('secret-invalid', 'This is no sfdx auth URL.', {
    hint: 'It reads force://<clientId>:<secret>:<refreshToken>@<host>; show one with: sf org auth show-sfdx-auth-url',
  });
}
