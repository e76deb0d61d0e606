import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { CLIENT_ID_FLAG, keepLogin, LOGIN_FLAGS, placeOfLogin } from '../../../cli/login.ts';
import { readSecret } from '../../../cli/read-secret.ts';
import { checkedOwnDomain } from '../../../cli/salesforce-url.ts';
import { openVault } from '../../../vault/open.ts';

export default class OrgLoginClientCredentials extends BaseCommand {
  static override summary = 'Log in to an org as an app, with its secret (client credentials flow).';
  static override description =
    "The app acts as the user that it is set to run as. Salesforce takes this login at the org's own domain only. The app's secret is read from standard input or from a file, never from an argument, which every user of a machine could read. The login is tried first and kept only when it works. The daemon must run.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> -a uat --client-id 3MVG9… --login-url https://acme.my.salesforce.com -f secret.txt',
  ];
  static override flags = {
    ...LOGIN_FLAGS,
    'client-id': CLIENT_ID_FLAG,
    'client-secret-file': Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: "File that holds the app's secret; - or nothing for standard input.",
    }),
    'login-url': Flags.string({
      required: true,
      helpValue: 'URL',
      summary: "The org's own domain, such as https://acme.my.salesforce.com.",
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginClientCredentials);
    const loginUrl = checkedOwnDomain(flags['login-url']);
    const place = await placeOfLogin(this, flags);
    const clientSecret = await readSecret({ what: "the app's secret", file: flags['client-secret-file'] });
    const login = {
      kind: 'client-credentials',
      clientId: flags['client-id'],
      clientSecret,
      loginUrl,
    } as const;
    return keepLogin(this, flags, { place, vault: await openVault(place.reference), login });
  }
}
