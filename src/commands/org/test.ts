import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { exitOf } from '../../cli/exit.ts';
import { checkedAlias } from '../../cli/names.ts';
import { waitOperation } from '../../cli/wait-operation.ts';

const MINUTE_MS = 60_000;

export default class OrgTest extends BaseCommand {
  static override summary = 'Log in to an org as operations do, and say who we are there.';
  static override description = 'Runs the task salesforce.identity on the server and waits for it.';
  static override examples = ['<%= config.bin %> <%= command.id %> uat'];
  static override args = { alias: Args.string({ required: true, description: 'Alias of the org.' }) };
  static override flags = {
    wait: Flags.integer({
      char: 'w',
      default: 5,
      min: 1,
      helpValue: 'MINUTES',
      summary: 'How long to wait; the operation goes on after that.',
    }),
  };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(OrgTest);
    const client = await this.client();
    const { id } = await client.call('createOperation', {
      body: { task: 'salesforce.identity', org: checkedAlias(args.alias), input: {} },
    });
    const operation = await waitOperation(client, id, flags.wait * MINUTE_MS);
    this.setExit(exitOf(operation.state));
    if (operation.state === 'succeeded') {
      const { organisationId, username, instanceUrl } = operation.result ?? {};
      this.log(`${args.alias} works: ${username} in ${organisationId} (${instanceUrl}).`);
    } else {
      this.log(`${args.alias} does not work (${operation.state}): ${operation.error?.message ?? ''}`);
      if (operation.error) this.log(operation.error.hint);
    }
    return operation;
  }
}
