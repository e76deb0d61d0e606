import { AppError } from '../contract/errors.ts';
import { orgAccount } from '../contract/org.ts';
import { type OrgLogin, parseOrgLogin } from '../contract/org-login.ts';
import type { LoginStore } from './register-org.ts';

export interface SandboxWish {
  /** Alias of the production org. */
  readonly production: string;
  readonly name: string;
  /** Null: the production org's, with the sandbox's name behind it. */
  readonly username: string | null;
  readonly loginUrl: string | null;
}

/** As Salesforce allows it. */
const SANDBOX_NAME = /^[A-Za-z][A-Za-z0-9]{0,9}$/;

/** The login of a production org, turned to one of its sandboxes. AppErrors secret-missing, secret-invalid, invalid-request. */
export async function sandboxLogin(
  vault: Pick<LoginStore, 'get'>,
  tenant: string,
  wish: SandboxWish,
): Promise<Extract<OrgLogin, { kind: 'sandbox' }>> {
  const { production, name } = wish;
  if (!SANDBOX_NAME.test(name)) {
    throw new AppError('invalid-request', `"${name}" is no name of a sandbox.`, {
      hint: 'It has up to ten letters and digits, beginning with a letter.',
    });
  }
  const text = await vault.get(orgAccount(tenant, production));
  const login = text === null ? null : parseOrgLogin(text);
  if (login === null) {
    throw new AppError('secret-missing', `The vault has no login of ${production}.`, {
      hint: `Log in to it first: sfp-server org login jwt -a ${production}`,
    });
  }
  return { kind: 'sandbox', production, name, login: turned(login, wish) };
}

function turned(login: OrgLogin, { production, name, username, loginUrl }: SandboxWish) {
  if (login.kind === 'jwt') {
    const own = username ?? `${login.username}.${name.toLowerCase()}`;
    return { ...login, username: own, loginUrl: loginUrl ?? 'https://test.salesforce.com' };
  }
  if (login.kind === 'client-credentials') {
    return { ...login, loginUrl: loginUrl ?? domainOfSandbox(login.loginUrl, name) };
  }
  throw new AppError(
    'secret-invalid',
    `${production} is logged in to with ${login.kind}, which holds in that org alone.`,
    { hint: 'Log in to the sandbox by itself: sfp-server org login jwt, client-credentials or sfdx-url.' },
  );
}

/** https://acme.my.salesforce.com -> https://acme--dev1.sandbox.my.salesforce.com */
function domainOfSandbox(production: string, name: string): string {
  const own = /^https:\/\/([a-z0-9-]+)\.my\.salesforce\.com$/.exec(production)?.[1];
  if (own !== undefined) return `https://${own}--${name.toLowerCase()}.sandbox.my.salesforce.com`;
  throw new AppError('invalid-request', `The domain of the sandbox does not follow from ${production}.`, {
    hint: 'Give it: --login-url https://MyDomain--NAME.sandbox.my.salesforce.com',
  });
}
