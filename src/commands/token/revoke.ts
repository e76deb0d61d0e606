import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';

export default class TokenRevoke extends BaseCommand {
  static override summary = 'Revoke an API token: from now on it opens nothing.';
  static override description = 'Connections that it opened are closed.';
  static override examples = ['<%= config.bin %> <%= command.id %> tk_01JD3V8Y6S9K2M4N5P7Q8R9T0V'];
  static override args = {
    id: Args.string({ required: true, description: 'Id of the token, from token list.' }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(TokenRevoke);
    localTenant(this.environment, flags);
    await (await this.client()).call('revokeToken', { params: { id: args.id } });
    this.log(`The token ${args.id} is revoked.`);
    return { id: args.id };
  }
}
