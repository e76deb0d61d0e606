import { BaseCommand } from '../cli/base-command.ts';
import { reasonFlag } from '../cli/pause-flags.ts';
import type { Pause } from '../contract/pause.ts';
import { pauseWords } from '../tui/words.ts';

export default class PauseCommand extends BaseCommand {
  static override summary = 'Start nothing new on the whole server; what runs goes on.';
  static override description =
    'Holds across restarts. Work is still taken in, and waits. Pausing what is paused changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --reason "the machine moves"',
    '<%= config.bin %> resume',
  ];
  static override flags = { reason: reasonFlag };

  async run(): Promise<{ paused: Pause | null }> {
    const { flags } = await this.parse(PauseCommand);
    this.refuseRemote(flags.server);
    const client = await this.client();
    const answer = await client.call('pauseServer', {
      body: flags.reason === undefined ? {} : { reason: flags.reason },
    });
    if (answer.paused !== null) this.log(`The server is ${pauseWords(answer.paused)}`);
    return answer;
  }
}
