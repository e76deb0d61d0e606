import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import { type ApiToken, type Caller, SCOPES } from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import type { Route } from '../../contract/route.ts';
import { DEFAULT_TENANT, Tenant } from '../../contract/values.ts';
import { hashOf, verifyHash, verifyToken } from '../access/tokens.ts';
import type { DoorContext, DoorParts } from './parts.ts';

export interface Admission {
  readonly caller: Caller;
  readonly renew: () => Promise<void>;
}

const tenantName = Compile(Tenant);

/** Says who asks, before a byte of the body is read; each door has its own way, and no header changes the door. */
export async function authenticate(
  context: DoorContext,
  route: Pick<Route, 'door' | 'scope'>,
  request: FastifyRequest,
): Promise<Admission> {
  if (context.door === 'control') return admitOwner(context.parts, request);
  if (route.door === 'both' && route.scope === null) return admitAnybody();
  return admitProgram(context.parts, route, request);
}

async function admitOwner(parts: DoorParts, request: FastifyRequest): Promise<Admission> {
  if (!sameSecret(bearerOf(request) ?? '', parts.controlKey)) {
    throw new AppError('unauthenticated', 'The request does not carry the control key.', {
      hint: 'Run the command as the user of the daemon, with the same SFP_SERVER_HOME.',
    });
  }
  const tenant = request.headers['sfp-tenant'] ?? DEFAULT_TENANT;
  if (!tenantName.Check(tenant)) {
    throw new AppError('invalid-request', 'The header Sfp-Tenant is no name of a tenant.');
  }
  const caller: Caller = { door: 'control', tenant, scopes: SCOPES, token: null };
  return { caller, renew: async () => {} };
}

/** Open routes: health, and webhooks, which are known by their signature. */
async function admitAnybody(): Promise<Admission> {
  const caller: Caller = { door: 'edge', tenant: DEFAULT_TENANT, scopes: [], token: null };
  return { caller, renew: async () => {} };
}

async function admitProgram(
  parts: DoorParts,
  route: Pick<Route, 'door' | 'scope'>,
  request: FastifyRequest,
): Promise<Admission> {
  const { store, now } = parts.operations;
  const bearer = bearerOf(request);
  const token = await verifyToken(store, bearer, now());
  if (route.door === 'control') {
    throw new AppError('control-only', 'This can only be done through the control door.');
  }
  if (route.scope !== null && !token.scopes.includes(route.scope)) {
    throw new AppError('forbidden', `The API token "${token.name}" lacks the scope ${route.scope}.`);
  }
  let hash: string | null = null;
  return {
    caller: callerOf(token),
    renew: async () => {
      hash ??= hashOf(bearer ?? '');
      await verifyHash(store, hash, now());
    },
  };
}

function callerOf(token: ApiToken): Caller {
  return {
    door: 'edge',
    tenant: token.tenant,
    scopes: token.scopes,
    token: { id: token.id, name: token.name },
  };
}

function bearerOf(request: FastifyRequest): string | null {
  const [scheme, credentials, ...rest] = (request.headers.authorization ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && credentials && rest.length === 0 ? credentials : null;
}

/** Digests have one length, so nothing is learned from the time that the comparison takes. */
function sameSecret(sent: string, kept: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(sent), digest(kept));
}
