import { randomBytes } from 'node:crypto';
import type { ConnectedApp, User } from './accounts.ts';

export interface Session {
  readonly accessToken: string;
  readonly user: User;
  readonly app: ConnectedApp;
  /** The refresh token's family, when it came from one. */
  readonly family: Family | null;
}

/** All refresh tokens that came from one another. One is current; a used one shows that somebody replays. */
export interface Family {
  readonly user: User;
  readonly app: ConnectedApp;
  readonly tokens: Set<string>;
  current: string | null;
  refreshing: boolean;
}

export interface Sessions {
  live(): number;
  /** Every access token that was ever given out. */
  issued(): readonly string[];
  begin(user: User, app: ConnectedApp, family: Family | null): Session;
  find(accessToken: string): Session | null;
  end(accessToken: string): boolean;
  endAll(): void;
  addFamily(user: User, app: ConnectedApp): Family;
  findFamily(refreshToken: string): Family | null;
  /** Replaces the family's token; the old one is from now on a used one. */
  rotate(family: Family): string;
  endFamily(family: Family): void;
}

/** `shared`: grants for one user and app get one and the same session, as some orgs do it. */
export function createSessions(organisationId: string, options: { readonly shared: boolean }): Sessions {
  const live = new Map<string, Session>();
  const families: Family[] = [];
  const issued: string[] = [];

  const sibling = (user: User, app: ConnectedApp) =>
    [...live.values()].find((session) => session.user === user && session.app === app);

  return {
    live: () => live.size,
    issued: () => issued,
    begin(user, app, family) {
      const shared = options.shared ? sibling(user, app) : undefined;
      if (shared) return shared;
      const session = { accessToken: newAccessToken(organisationId), user, app, family };
      live.set(session.accessToken, session);
      issued.push(session.accessToken);
      return session;
    },
    find: (accessToken) => live.get(accessToken) ?? null,
    end: (accessToken) => live.delete(accessToken),
    endAll: () => live.clear(),
    addFamily(user, app) {
      const current = newRefreshToken();
      const family: Family = { user, app, tokens: new Set([current]), current, refreshing: false };
      families.push(family);
      return family;
    },
    findFamily: (refreshToken) => families.find((family) => family.tokens.has(refreshToken)) ?? null,
    rotate(family) {
      const next = newRefreshToken();
      family.tokens.add(next);
      family.current = next;
      return next;
    },
    endFamily(family) {
      family.current = null;
      for (const session of live.values()) if (session.family === family) live.delete(session.accessToken);
    },
  };
}

function newAccessToken(organisationId: string): string {
  return `${organisationId.slice(0, 15)}!AQ${randomBytes(48).toString('base64url')}`;
}

function newRefreshToken(): string {
  return `5Aep861${randomBytes(48).toString('base64url')}`;
}
