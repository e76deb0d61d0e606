import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { connectionOf } from '../client/connect.ts';
import type { Environment } from '../config/environment.ts';
import { AppError } from '../contract/errors.ts';
import { Alias, DEFAULT_TENANT, SecretName, Tenant } from '../contract/values.ts';

/** The tenant of a command that works on this machine's own vault; AppError `control-only` with a remote server. */
export function localTenant(
  environment: Environment,
  flags: { readonly server?: string | undefined; readonly tenant?: string | undefined },
): string {
  const connection = connectionOf(environment, flags);
  if (connection.kind === 'url') {
    throw new AppError('control-only', `The vault of ${connection.url} can only be used on that machine.`);
  }
  const form = 'lower-case letters, digits and hyphens';
  return checkedName(Tenant, flags.tenant ?? DEFAULT_TENANT, { what: 'tenant', form });
}

export function checkedAlias(name: string): string {
  return checkedName(Alias, name, {
    what: 'org alias',
    form: 'letters, digits, dots, hyphens and underscores',
  });
}

export function checkedSecretName(name: string): string {
  const form = 'lower-case letters, digits, dots, hyphens and underscores';
  return checkedName(SecretName, name, { what: 'name of a secret', form });
}

function checkedName(schema: TSchema, name: string, { what, form }: { what: string; form: string }): string {
  if (Value.Check(schema, name)) return name;
  throw new AppError('invalid-request', `"${name}" is no ${what}.`, {
    hint: `Use up to 63 ${form}, beginning with a letter or a digit.`,
  });
}
