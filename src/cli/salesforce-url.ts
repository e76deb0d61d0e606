import { AppError } from '../contract/errors.ts';

/**
 * The origin of an org or of its login host; null for anything that is none. Logins never travel in the clear, except to
 * this machine itself, where a stand-in for an org may listen.
 */
export function salesforceUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, origin, pathname, search, hash, username, password } = new URL(text);
  const loopback = hostname === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback)) return null;
  if (hostname === '' || pathname !== '/' || `${search}${hash}${username}${password}` !== '') return null;
  return origin;
}

/** AppError `invalid-request` for what is no login host. */
export function checkedLoginUrl(text: string): string {
  const url = salesforceUrl(text);
  if (url !== null) return url;
  throw new AppError('invalid-request', `"${text}" is no login URL.`, {
    hint: 'Give it as https://host, such as https://test.salesforce.com.',
  });
}

/** For client credentials: Salesforce answers them at an org's own domain, and refuses them at its login hosts. */
export function checkedOwnDomain(text: string): string {
  const url = checkedLoginUrl(text);
  const { hostname } = new URL(url);
  if (!/^(login|test)\.salesforce\.com$/.test(hostname)) return url;
  throw new AppError(
    'invalid-request',
    `${hostname} does not take the login of an app: only an org's own domain does.`,
    {
      hint: 'Give it as https://MyDomain.my.salesforce.com (Setup, My Domain).',
    },
  );
}
