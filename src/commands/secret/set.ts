import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { checkedSecretName, localTenant } from '../../cli/names.ts';
import { readSecret } from '../../cli/read-secret.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { secretAccount } from '../../contract/org.ts';
import { openVault } from '../../vault/open.ts';

export default class SecretSet extends BaseCommand {
  static override summary = "Store a secret in this machine's vault: a webhook's, or one for Git.";
  static override description =
    'The secret is read from standard input or from a file, never from an argument, which every user of the machine could read. On a terminal it is asked for without an echo. One newline at its end is left out.';
  static override examples = [
    'openssl rand -hex 32 | tee /dev/tty | <%= config.bin %> <%= command.id %> github-webhook',
    '<%= config.bin %> <%= command.id %> github --file token.txt',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Name of the secret, as sfp-server.yaml uses it.' }),
  };
  static override flags = {
    file: Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: 'File that holds the secret; - or nothing for standard input.',
    }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SecretSet);
    const name = checkedSecretName(args.name);
    const account = secretAccount(localTenant(this.environment, flags), name);
    const vault = await openVault(readVaultReference(this.environment.paths));
    await vault.set(account, await readSecret({ what: `the secret ${name}`, file: flags.file }));
    this.log(`The secret ${name} is in the ${vault.provider} vault.`);
    return { name, vault: vault.provider };
  }
}
