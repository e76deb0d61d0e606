import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { expiryOf } from '../../cli/expiry.ts';
import { localTenant } from '../../cli/names.ts';
import { SCOPES } from '../../contract/access.ts';

export default class TokenCreate extends BaseCommand {
  static override summary = 'Create an API token for a program, and show it once.';
  static override description =
    'The server keeps only its SHA-256. A token belongs to one tenant. Standard output is the token alone, so that it can be piped into a secret store.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ci --scope operations:read --scope operations:write --expires 90',
    '<%= config.bin %> <%= command.id %> dashboard --scope operations:read --expires 2030-12-31T00:00:00Z --tenant acme',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Who uses it; 1 to 100 characters.' }),
  };
  static override flags = {
    scope: Flags.option({
      options: SCOPES,
      multiple: true,
      multipleNonGreedy: true,
      required: true,
      summary: 'What it may do; give the flag once per scope.',
    })(),
    expires: Flags.string({
      default: '90',
      helpValue: 'DAYS|TIME',
      summary: 'Days from now, an ISO time, or never.',
    }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(TokenCreate);
    localTenant(this.environment, flags);
    const created = await (await this.client()).call('createToken', {
      body: {
        name: args.name,
        scopes: [...new Set(flags.scope)],
        expiresAt: expiryOf(flags.expires, new Date()),
      },
    });
    this.log(created.token);
    const until = created.expiresAt === null ? 'It never expires' : `It expires at ${created.expiresAt}`;
    this.logToStderr(`This is the only time that the token ${created.id} is shown. ${until}.`);
    return created;
  }
}
