import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { readJwtKey } from '../../../cli/jwt-key.ts';
import { checkedAlias, localTenant } from '../../../cli/names.ts';
import { registerOrg } from '../../../cli/register-org.ts';
import { checkedLoginUrl } from '../../../cli/salesforce-url.ts';
import { readVaultReference } from '../../../config/vault-reference.ts';
import { openVault } from '../../../vault/open.ts';

export default class OrgLoginJwt extends BaseCommand {
  static override summary = 'Log in to an org with a private key (JWT bearer flow).';
  static override description =
    "The login is tried first and kept only when it works. The key goes into this machine's vault, never into the daemon. The daemon must run.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> -a uat --client-id 3MVG9… --username deploy@acme.com --jwt-key-file server.key',
    '<%= config.bin %> <%= command.id %> -a dev --client-id 3MVG9… --username deploy@acme.com.dev --jwt-key-file server.key --login-url https://test.salesforce.com',
  ];
  static override flags = {
    alias: Flags.string({
      char: 'a',
      required: true,
      helpValue: 'ALIAS',
      summary: 'Name of the org on this server.',
    }),
    'client-id': Flags.string({
      required: true,
      helpValue: 'KEY',
      summary: 'Consumer key of the connected or external client app.',
    }),
    username: Flags.string({ required: true, helpValue: 'NAME', summary: 'User to act as.' }),
    'jwt-key-file': Flags.string({
      aliases: ['key-file'],
      char: 'f',
      required: true,
      helpValue: 'FILE',
      summary: "The app's RSA private key, in PEM form.",
    }),
    'login-url': Flags.string({
      default: 'https://login.salesforce.com',
      helpValue: 'URL',
      summary: 'Login host; a sandbox has https://test.salesforce.com or its own domain.',
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginJwt);
    const alias = checkedAlias(flags.alias);
    const tenant = localTenant(this.environment, flags);
    const loginUrl = checkedLoginUrl(flags['login-url']);
    const privateKey = await readJwtKey(flags['jwt-key-file']);
    const { paths } = this.environment;
    const reference = readVaultReference(paths);
    const vault = await openVault(reference);
    const parts = { client: await this.client(), paths, vault, reference, tenant };
    const login = { clientId: flags['client-id'], username: flags.username, privateKey, loginUrl };

    const { org, identity } = await registerOrg(parts, alias, { kind: 'jwt', ...login });
    this.log(`Logged in to ${org.organisationId} (${org.instanceUrl}) as ${org.username}.`);
    this.log(`The org is known as ${alias}; its login is in the ${vault.provider} vault.`);
    return { ...org, userId: identity.userId, vault: vault.provider };
  }
}
