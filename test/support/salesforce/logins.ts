import { randomBytes } from 'node:crypto';
import { createKeyPair } from './accounts.ts';
import type { RouteParts } from './routes.ts';

const DEFAULT_USERNAME = 'ada@acme.example';

/** A JWT login as a person would store it: the fields of the vault's `jwt` kind. */
export interface JwtLogin {
  readonly clientId: string;
  readonly username: string;
  readonly privateKey: string;
  readonly loginUrl: string;
}

/** An sfdx auth URL, and its parts. */
export interface RefreshLogin {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly username: string;
  readonly instanceUrl: string;
}

/** A login of the app itself. */
export interface ClientCredentialsLogin {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly loginUrl: string;
}

/** A session that somebody has begun already. */
export interface GivenToken {
  readonly accessToken: string;
  readonly instanceUrl: string;
}

export interface RefreshWish {
  readonly username?: string;
  readonly clientSecret?: string;
  readonly rotation?: boolean;
}

export function addJwtLogin({ accounts, loginUrl }: RouteParts, username = DEFAULT_USERNAME): JwtLogin {
  const { privateKey, publicKey } = createKeyPair();
  accounts.addUser(username);
  const { clientId } = accounts.addConnectedApp({ certificate: publicKey, users: [username] });
  return { clientId, username, privateKey, loginUrl };
}

export function addRefreshLogin(
  { accounts, sessions, instanceUrl }: RouteParts,
  wish: RefreshWish,
): RefreshLogin {
  const { username = DEFAULT_USERNAME, clientSecret = '', rotation = false } = wish;
  const user = accounts.addUser(username);
  const app = accounts.addConnectedApp({ clientSecret, rotation, users: [username] });
  const refreshToken = sessions.addFamily(user, app).current ?? '';
  const { clientId } = app;
  const url = `force://${clientId}:${clientSecret}:${refreshToken}@${instanceUrl}`;
  return { url, clientId, clientSecret, refreshToken, username, instanceUrl };
}

export function addClientCredentialsLogin(
  { accounts, loginUrl }: RouteParts,
  username = DEFAULT_USERNAME,
): ClientCredentialsLogin {
  accounts.addUser(username);
  const wish = { clientSecret: randomBytes(32).toString('hex'), users: [username], runAs: username };
  const { clientId, clientSecret } = accounts.addConnectedApp(wish);
  return { clientId, clientSecret, loginUrl };
}

export function addAccessToken(
  { accounts, sessions, instanceUrl }: RouteParts,
  username = DEFAULT_USERNAME,
): GivenToken {
  const user = accounts.addUser(username);
  const app = accounts.addConnectedApp({ users: [username] });
  return { accessToken: sessions.begin(user, app, null).accessToken, instanceUrl };
}
