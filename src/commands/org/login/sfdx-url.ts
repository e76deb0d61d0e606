import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { checkedAlias, localTenant } from '../../../cli/names.ts';
import { readSecret } from '../../../cli/read-secret.ts';
import { registerOrg } from '../../../cli/register-org.ts';
import { parseSfdxUrl } from '../../../cli/sfdx-url.ts';
import { readVaultReference } from '../../../config/vault-reference.ts';
import { openVault } from '../../../vault/open.ts';

export default class OrgLoginSfdxUrl extends BaseCommand {
  static override summary = 'Log in to an org with an sfdx auth URL.';
  static override description =
    'The URL is read from standard input or from a file: it holds a refresh token, and arguments can be read by every user of a machine. The login is tried first and kept only when it works. Apps that rotate refresh tokens make the URL useless by that; the server keeps the new token. The daemon must run.';
  static override examples = [
    'sf org auth show-sfdx-auth-url -o uat --json | jq -r .result.sfdxAuthUrl | <%= config.bin %> <%= command.id %> -a uat',
    '<%= config.bin %> <%= command.id %> -a uat --sfdx-url-file auth.txt',
  ];
  static override flags = {
    alias: Flags.string({
      char: 'a',
      required: true,
      helpValue: 'ALIAS',
      summary: 'Name of the org on this server.',
    }),
    'sfdx-url-file': Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: 'File that holds the URL and nothing else; - or nothing for standard input.',
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginSfdxUrl);
    const alias = checkedAlias(flags.alias);
    const tenant = localTenant(this.environment, flags);
    const { paths } = this.environment;
    const reference = readVaultReference(paths);
    const client = await this.client();
    await client.call('health');
    const login = parseSfdxUrl(await readSecret({ what: 'the sfdx auth URL', file: flags['sfdx-url-file'] }));
    const vault = await openVault(reference);

    const { org, identity } = await registerOrg({ client, paths, vault, reference, tenant }, alias, login);
    this.log(`Logged in to ${org.organisationId} (${org.instanceUrl}) as ${org.username}.`);
    this.log(`The org is known as ${alias}; its login is in the ${vault.provider} vault.`);
    return { ...org, userId: identity.userId, vault: vault.provider };
  }
}
