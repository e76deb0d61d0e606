import { BaseCommand } from '../../cli/base-command.ts';
import { aliasArg } from '../../cli/pause-flags.ts';
import type { Org } from '../../contract/org.ts';
import { plural } from '../../tui/words.ts';

export default class OrgResume extends BaseCommand {
  static override summary = 'Let work of a paused org start again.';
  static override description =
    'Whatever had paused it: a person, or an operation that ended indeterminate. Resuming what is not paused changes nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %> uat'];
  static override args = { alias: aliasArg };

  async run(): Promise<Org> {
    const { args } = await this.parse(OrgResume);
    const client = await this.client();
    const org = await client.call('resumeOrg', { params: { org: args.alias } });
    const { running, waiting } = org.lane;
    const waits = plural(waiting.length, 'operation');
    this.log(`${org.alias} is not paused: ${running.length} running, ${waits} waiting.`);
    return org;
  }
}
