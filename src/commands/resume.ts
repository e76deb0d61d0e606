import { BaseCommand } from '../cli/base-command.ts';
import type { Pause } from '../contract/pause.ts';

export default class ResumeCommand extends BaseCommand {
  static override summary = 'Let work start again on a paused server.';
  static override description =
    'Orgs that are paused stay so: sfp-server org resume ALIAS. Resuming what is not paused changes nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ paused: Pause | null }> {
    const { flags } = await this.parse(ResumeCommand);
    this.refuseRemote(flags.server);
    const client = await this.client();
    const answer = await client.call('resumeServer');
    this.log('The server is not paused.');
    return answer;
  }
}
