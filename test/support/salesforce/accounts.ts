import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

/**
 * A connected app. `users`: who may use it (pre-authorised); `rotation`: every refresh replaces the refresh token; `runAs`:
 * whom the app itself logs in as (client credentials).
 */
export interface ConnectedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly publicKey: KeyObject | null;
  readonly rotation: boolean;
  readonly users: ReadonlySet<string>;
  readonly runAs: string | null;
}

export interface ConnectedAppWish {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** PEM of a certificate or public key. */
  readonly certificate?: string;
  readonly rotation?: boolean;
  readonly users: readonly string[];
  readonly runAs?: string;
}

export interface Accounts {
  readonly users: ReadonlyMap<string, User>;
  readonly apps: ReadonlyMap<string, ConnectedApp>;
  addUser(username: string): User;
  addConnectedApp(wish: ConnectedAppWish): ConnectedApp;
  /** Takes over an app of another org, for users of this one. */
  copyApp(app: ConnectedApp | undefined, users: readonly string[]): void;
}

export function createAccounts(nextId: (prefix: string) => string): Accounts {
  const users = new Map<string, User>();
  const apps = new Map<string, ConnectedApp>();
  return {
    users,
    apps,
    addUser(username) {
      const known = users.get(username);
      if (known) return known;
      const user = { id: nextId('005'), username, name: username.split('@')[0] ?? username };
      users.set(username, user);
      return user;
    },
    addConnectedApp(wish) {
      const app: ConnectedApp = {
        clientId: wish.clientId ?? `3MVG9${randomBytes(30).toString('base64url')}`,
        clientSecret: wish.clientSecret ?? '',
        publicKey: wish.certificate === undefined ? null : createPublicKey(wish.certificate),
        rotation: wish.rotation ?? false,
        users: new Set(wish.users),
        runAs: wish.runAs ?? null,
      };
      apps.set(app.clientId, app);
      return app;
    },
    copyApp(app, names) {
      if (app === undefined) throw new Error('The other org has no such app.');
      for (const username of names) {
        if (!users.has(username)) users.set(username, { id: nextId('005'), username, name: username });
      }
      apps.set(app.clientId, { ...app, users: new Set(names), runAs: names[0] ?? null });
    },
  };
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

const PAIRS: KeyPair[] = [];
let given = 0;

/** A key pair for a JWT login, both halves as PEM. Another one than the last; a process makes two, for each takes a fifth of a second. */
export function createKeyPair(): KeyPair {
  if (PAIRS.length < 2) PAIRS.push(generateKeyPair());
  const pair = PAIRS[given % PAIRS.length] ?? generateKeyPair();
  given += 1;
  return pair;
}

function generateKeyPair(): KeyPair {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
