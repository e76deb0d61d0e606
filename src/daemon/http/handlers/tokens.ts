import type { ApiToken } from '../../../contract/access.ts';
import { AppError } from '../../../contract/errors.ts';
import { createToken } from '../../access/tokens.ts';
import type { Handler } from '../parts.ts';

export const createApiToken: Handler<'createToken'> = async ({ parts, caller, body, reply }) => {
  const { store, now } = parts.operations;
  reply.header('cache-control', 'no-store');
  return createToken(store, { tenant: caller.tenant, request: body, now: now() });
};

export const listTokens: Handler<'listTokens'> = async ({ parts, caller }) => ({
  items: (await parts.operations.store.listTokens(caller.tenant)) as ApiToken[],
});

export const revokeToken: Handler<'revokeToken'> = async ({ parts, caller, params }) => {
  const { store, now } = parts.operations;
  const revoked = await store.revokeToken(caller.tenant, params.id, now().toISOString());
  if (!revoked) {
    throw new AppError('not-found', `There is no API token ${params.id}.`, {
      hint: 'List their ids with: sfp-server token list',
    });
  }
  return null;
};
