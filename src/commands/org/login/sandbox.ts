import { Flags } from '@oclif/core';
import { BaseCommand } from '../../../cli/base-command.ts';
import { keepLogin, LOGIN_FLAGS, placeOfLogin } from '../../../cli/login.ts';
import { checkedAlias } from '../../../cli/names.ts';
import { checkedLoginUrl } from '../../../cli/salesforce-url.ts';
import { sandboxLogin } from '../../../cli/sandbox-login.ts';
import { openVault } from '../../../vault/open.ts';

export default class OrgLoginSandbox extends BaseCommand {
  static override summary = 'Log in to a sandbox with the login of its production org.';
  static override description =
    "A sandbox is a copy of its production org: it has the same app, and the same users with the sandbox's name behind theirs. So a login with a private key (jwt) or of an app itself (client-credentials) works there too. A refresh token does not: log in to the sandbox by itself then. What is kept is a copy: after a new key in the production org, log in to its sandboxes again. The daemon must run.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> -a dev1 --production prod --name dev1',
    '<%= config.bin %> <%= command.id %> -a dev1 --production prod --name dev1 --login-url https://acme--dev1.sandbox.my.salesforce.com',
  ];
  static override flags = {
    ...LOGIN_FLAGS,
    production: Flags.string({
      required: true,
      helpValue: 'ALIAS',
      summary: 'Alias of the production org, which is logged in to already.',
    }),
    name: Flags.string({ required: true, helpValue: 'NAME', summary: 'Name of the sandbox.' }),
    username: Flags.string({
      helpValue: 'NAME',
      summary: "User to act as; default: the production org's, with the sandbox's name behind it.",
    }),
    'login-url': Flags.string({
      helpValue: 'URL',
      summary: "Default: https://test.salesforce.com; for client credentials the sandbox's own domain.",
    }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgLoginSandbox);
    const production = checkedAlias(flags.production);
    const loginUrl = flags['login-url'] === undefined ? null : checkedLoginUrl(flags['login-url']);
    const place = await placeOfLogin(this, flags);
    const vault = await openVault(place.reference);
    const wish = { production, name: flags.name, username: flags.username ?? null, loginUrl };
    const login = await sandboxLogin(vault, place.tenant, wish);
    return keepLogin(this, flags, { place, vault, login });
  }
}
