import type { IdentityResult } from '../../contract/tasks.ts';
import type { Org } from './org.ts';
import { read } from './read.ts';

/** Who we are in the org, and the newest API version that it speaks. */
export async function readIdentity(org: Org, signal: AbortSignal): Promise<IdentityResult> {
  const user = (await read(org, {
    path: '/services/oauth2/userinfo',
    signal,
    otherwise: 'salesforce-refused',
  })) as { readonly preferred_username?: unknown };
  const versions = (await read(org, {
    path: '/services/data/',
    signal,
    otherwise: 'salesforce-refused',
  })) as readonly { readonly version: string }[];
  return {
    organisationId: org.organisationId,
    userId: org.userId,
    username: String(user.preferred_username ?? ''),
    instanceUrl: org.instanceUrl,
    apiVersion: versions.map(({ version }) => version).sort((a, b) => Number(b) - Number(a))[0] ?? '',
  };
}
