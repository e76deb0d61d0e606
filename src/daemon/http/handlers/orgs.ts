import { AppError } from '../../../contract/errors.ts';
import type { Handler } from '../parts.ts';
import { viewOrg } from './org-view.ts';

export const listOrgs: Handler<'listOrgs'> = async ({ parts, caller }) => ({
  items: (await parts.operations.store.listOrgs(caller.tenant)).map((org) => viewOrg(parts.operations, org)),
});

export const putOrg: Handler<'putOrg'> = async ({ parts, caller, params, body }) => {
  const { store, now, configuration } = parts.operations;
  if (Object.hasOwn(configuration().pools, params.org)) {
    throw new AppError('invalid-request', `"${params.org}" is the name of a pool.`, {
      hint: 'Log in under another alias, or rename the pool in sfp-server.yaml.',
    });
  }
  const org = await store.putOrg(caller.tenant, params.org, body, now().toISOString());
  parts.loginChanged(caller.tenant, params.org);
  parts.wake(); // work may have waited for this login
  return viewOrg(parts.operations, org);
};

export const deleteOrg: Handler<'deleteOrg'> = async ({ parts, caller, params }) => {
  const deleted = await parts.operations.store.deleteOrg(caller.tenant, params.org);
  if (!deleted) throw new AppError('not-found', `No org "${params.org}" is known here.`);
  return null;
};
