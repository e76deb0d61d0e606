import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { keepLogin, LOGIN_FLAGS, placeOfLogin } from '../../../cli/login.ts';
import { readAccessToken } from '../../../cli/read-secret.ts';
import { checkedLoginUrl } from '../../../cli/salesforce-url.ts';
import { openVault } from '../../../vault/open.ts';

export default class OrgLoginAccessToken extends BaseCommand {
  static override summary = 'Use a session of an org that was begun elsewhere.';
  static override description =
    'The access token is read from standard input or from a file. It works until it expires: then work in the org waits for a new login. The server never revokes it. The token is tried first and kept only when it works. The daemon must run.';
  static override examples = [
    'sf org auth show-access-token -o uat --json | jq -r .result.accessToken | <%= config.bin %> <%= command.id %> -a uat --instance-url https://acme.my.salesforce.com',
  ];
  static override flags = {
    ...LOGIN_FLAGS,
    'access-token-file': Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: 'File that holds the token and nothing else; - or nothing for standard input.',
    }),
    'instance-url': Flags.string({
      required: true,
      helpValue: 'URL',
      summary: 'Where the session is, such as https://acme.my.salesforce.com.',
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginAccessToken);
    const instanceUrl = checkedLoginUrl(flags['instance-url']);
    const place = await placeOfLogin(this, flags);
    const accessToken = await readAccessToken(flags['access-token-file']);
    const login = { kind: 'access-token', accessToken, instanceUrl } as const;
    return keepLogin(this, flags, { place, vault: await openVault(place.reference), login });
  }
}
