import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { checkedSecretName, localTenant } from '../../cli/names.ts';
import { readSecret } from '../../cli/read-secret.ts';
import { secretOfKind } from '../../cli/secret-kinds.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { secretAccount } from '../../contract/org.ts';
import { SECRET_KINDS } from '../../contract/secret.ts';
import { openVault } from '../../vault/open.ts';

export default class SecretSet extends BaseCommand {
  static override summary = "Store a secret in this machine's vault: a webhook's, one for Git or for npm.";
  static override description =
    'The secret is read from standard input or from a file, never from an argument, which every user of the machine could read. On a terminal it is asked for without an echo. One newline at its end is left out.';
  static override examples = [
    'openssl rand -hex 32 | tee /dev/tty | <%= config.bin %> <%= command.id %> github-webhook',
    '<%= config.bin %> <%= command.id %> github --kind git-token --file token.txt',
    '<%= config.bin %> <%= command.id %> deploy-key --kind git-ssh --file key --known-hosts known_hosts',
    '<%= config.bin %> <%= command.id %> crm --kind github-app --app-id 123 --installation-id 456 --file app.pem',
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
    kind: Flags.option({
      options: SECRET_KINDS,
      default: 'plain' as const,
      summary: "What it is for. A webhook's is plain.",
    })(),
    username: Flags.string({ helpValue: 'NAME', summary: 'git-token: the user; most hosts take any.' }),
    'known-hosts': Flags.string({
      helpValue: 'FILE',
      summary: 'git-ssh: the host keys that are trusted, as in ~/.ssh/known_hosts.',
    }),
    'app-id': Flags.string({ helpValue: 'ID', summary: 'github-app: its app or client id.' }),
    'installation-id': Flags.string({ helpValue: 'ID', summary: 'github-app: where it is installed.' }),
    url: Flags.string({
      helpValue: 'URL',
      summary: 'github-app: the API, for a GitHub of your own. npm: the registry.',
    }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SecretSet);
    const name = checkedSecretName(args.name);
    const account = secretAccount(localTenant(this.environment, flags), name);
    const vault = await openVault(readVaultReference(this.environment.paths));
    const text = await readSecret({ what: `the secret ${name}`, file: flags.file });
    const secret = await secretOfKind(flags.kind, text, {
      username: flags.username,
      knownHosts: flags['known-hosts'],
      appId: flags['app-id'],
      installationId: flags['installation-id'],
      url: flags.url,
    });
    await vault.set(account, secret);
    this.log(`The secret ${name} is in the ${vault.provider} vault.`);
    return { name, kind: flags.kind, vault: vault.provider };
  }
}
