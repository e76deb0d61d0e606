import type { OrgLogin } from '../../contract/org-login.ts';
import { signAssertion } from './jwt.ts';

type AskingLogin = Exclude<OrgLogin, { kind: 'access-token' }>;

/** What is sent to the token endpoint of which host. */
export function grantForm(login: AskingLogin): [loginUrl: string, form: Record<string, string>] {
  switch (login.kind) {
    case 'jwt': {
      const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
      return [login.loginUrl, { grant_type, assertion: signAssertion(login, new Date()) }];
    }
    case 'client-credentials': {
      const { clientId: client_id, clientSecret: client_secret } = login;
      return [login.loginUrl, { grant_type: 'client_credentials', client_id, client_secret }];
    }
    case 'sfdx-url': {
      const { clientId, clientSecret, refreshToken, instanceUrl } = login;
      const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
      return [instanceUrl, clientSecret === '' ? form : { ...form, client_secret: clientSecret }];
    }
    case 'sandbox':
      return grantForm(login.login);
  }
}
