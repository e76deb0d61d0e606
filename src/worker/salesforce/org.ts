import type { OrgConnection } from './connection.ts';

/** An org with a live session. */
export interface Org extends OrgConnection {
  readonly organisationId: string;
  readonly userId: string;
  readonly instanceUrl: string;
  /** Of the session as it is now; for programs that are not ours. */
  accessToken(): string;
  /** The time of the org's own clock. */
  now(): Date;
  /** Replaces a session that has expired. */
  renew(): Promise<void>;
}
