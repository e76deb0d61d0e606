import { Value } from 'typebox/value';
import { AppError } from '../../contract/errors.ts';
import { OrgLogin } from '../../contract/org.ts';
import type { Vault } from '../../vault/vault.ts';

/** The long-lived login of an org, from the vault. AppError secret-missing or secret-damaged. */
export async function readLogin(
  vault: Vault,
  account: string,
  hide: (secret: string) => void,
): Promise<OrgLogin> {
  const text = await vault.get(account);
  if (text === null)
    throw new AppError('secret-missing', `The ${vault.provider} vault has no login ${account}.`);
  const login = parse(text);
  if (login === null) throw new AppError('secret-damaged', `The login ${account} in the vault is damaged.`);
  for (const secret of secretsOf(login)) hide(secret);
  return login;
}

function parse(text: string): OrgLogin | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(OrgLogin, value) ? value : null;
  } catch {
    return null;
  }
}

function secretsOf(login: OrgLogin): readonly string[] {
  return login.kind === 'jwt' ? [login.privateKey] : [login.refreshToken, login.clientSecret];
}
