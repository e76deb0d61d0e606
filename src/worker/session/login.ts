import { AppError } from '../../contract/errors.ts';
import { type OrgLogin, parseOrgLogin } from '../../contract/org-login.ts';
import type { Vault } from '../../vault/vault.ts';

/** A login, and the text of it as it lies in the vault. */
export interface StoredLogin {
  readonly login: OrgLogin;
  readonly text: string;
}

/** The long-lived login of an org, from the vault. AppError secret-missing or secret-damaged. */
export async function readLogin(
  vault: Vault,
  account: string,
  hide: (secret: string) => void,
): Promise<StoredLogin> {
  const text = await vault.get(account);
  if (text === null)
    throw new AppError('secret-missing', `The ${vault.provider} vault has no login ${account}.`);
  const login = parseOrgLogin(text);
  if (login === null) throw new AppError('secret-damaged', `The login ${account} in the vault is damaged.`);
  for (const secret of secretsOf(login)) hide(secret);
  return { login, text };
}

function secretsOf(login: OrgLogin): readonly string[] {
  switch (login.kind) {
    case 'jwt':
      return [login.privateKey];
    case 'sfdx-url':
      return [login.refreshToken, login.clientSecret];
    case 'client-credentials':
      return [login.clientSecret];
    case 'access-token':
      return [login.accessToken];
    case 'sandbox':
      return secretsOf(login.login);
  }
}
