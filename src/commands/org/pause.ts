import { BaseCommand } from '../../cli/base-command.ts';
import { aliasArg, reasonFlag } from '../../cli/pause-flags.ts';
import type { Org } from '../../contract/org.ts';
import { pauseWords } from '../../tui/words.ts';

export default class OrgPause extends BaseCommand {
  static override summary = 'Start nothing new in an org; what runs goes on.';
  static override description =
    'Holds for every alias of the same organisation, and across restarts of the server. Work is still taken in, and waits. Pausing what is paused changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> uat --reason "release on Friday"',
    '<%= config.bin %> org resume uat',
  ];
  static override args = { alias: aliasArg };
  static override flags = { reason: reasonFlag };

  async run(): Promise<Org> {
    const { args, flags } = await this.parse(OrgPause);
    const client = await this.client();
    const org = await client.call('pauseOrg', {
      params: { org: args.alias },
      body: flags.reason === undefined ? {} : { reason: flags.reason },
    });
    if (org.lane.paused !== null) this.log(`${org.alias} is ${pauseWords(org.lane.paused)}`);
    return org;
  }
}
