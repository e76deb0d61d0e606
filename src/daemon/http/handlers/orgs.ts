import { AppError } from '../../../contract/errors.ts';
import type { Org } from '../../../contract/org.ts';
import type { Handler } from '../parts.ts';

export const listOrgs: Handler<'listOrgs'> = async ({ parts, caller }) => ({
  items: (await parts.operations.store.listOrgs(caller.tenant)) as Org[],
});

export const putOrg: Handler<'putOrg'> = async ({ parts, caller, params, body }) => {
  const { store, now } = parts.operations;
  return store.putOrg(caller.tenant, params.org, body, now().toISOString());
};

export const deleteOrg: Handler<'deleteOrg'> = async ({ parts, caller, params }) => {
  const deleted = await parts.operations.store.deleteOrg(caller.tenant, params.org);
  if (!deleted) throw new AppError('not-found', `No org "${params.org}" is known here.`);
  return null;
};
