import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { keepLogin, LOGIN_FLAGS, placeOfLogin } from '../../../cli/login.ts';
import { readSecret } from '../../../cli/read-secret.ts';
import { parseSfdxUrl } from '../../../cli/sfdx-url.ts';
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
    ...LOGIN_FLAGS,
    'sfdx-url-file': Flags.string({
      char: 'f',
      helpValue: 'FILE',
      summary: 'File that holds the URL and nothing else; - or nothing for standard input.',
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginSfdxUrl);
    const place = await placeOfLogin(this, flags);
    const login = parseSfdxUrl(await readSecret({ what: 'the sfdx auth URL', file: flags['sfdx-url-file'] }));
    return keepLogin(this, flags, { place, vault: await openVault(place.reference), login });
  }
}
