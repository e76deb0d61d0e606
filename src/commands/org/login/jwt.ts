import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { readJwtKey } from '../../../cli/jwt-key.ts';
import { CLIENT_ID_FLAG, keepLogin, LOGIN_FLAGS, placeOfLogin } from '../../../cli/login.ts';
import { checkedLoginUrl } from '../../../cli/salesforce-url.ts';
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
    ...LOGIN_FLAGS,
    'client-id': CLIENT_ID_FLAG,
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
    const loginUrl = checkedLoginUrl(flags['login-url']);
    const privateKey = await readJwtKey(flags['jwt-key-file']);
    const place = await placeOfLogin(this, flags);
    const vault = await openVault(place.reference);
    const { 'client-id': clientId, username } = flags;
    const login = { kind: 'jwt', clientId, username, privateKey, loginUrl } as const;
    return keepLogin(this, flags, { place, vault, login });
  }
}
