import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { endProcess } from '../cli/end-process.ts';
import { AppError } from '../contract/errors.ts';

const KILL_LIMIT_MS = 10_000;

export default class Stop extends BaseCommand {
  static override summary = 'Stop the server.';
  static override description =
    `What runs is ended as its task says: work that can resume goes on at the next start. What waits is kept.`;
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = {
    wait: Flags.integer({
      char: 'w',
      summary: 'Minutes to wait for its end.',
      helpValue: 'MINUTES',
      default: 2,
      min: 1,
    }),
    force: Flags.boolean({ summary: 'Kill it; the next start settles what was under way.' }),
  };

  async run(): Promise<{ stopped: boolean; pid: number | null }> {
    const { flags } = await this.parse(Stop);
    this.refuseServer(flags.server);
    const client = await this.client();
    const status = await client.call('serverStatus').catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'daemon-not-running') return null;
      throw error;
    });
    if (status === null) {
      this.log('No server runs.');
      return { stopped: false, pid: null };
    }
    const { pid } = status;
    const ended = flags.force
      ? await endProcess(pid, 'SIGKILL', KILL_LIMIT_MS)
      : await endProcess(pid, 'SIGTERM', flags.wait * 60_000);
    if (!ended) {
      throw new AppError('wrong-state', `The server (pid ${pid}) still runs after ${flags.wait} min.`, {
        hint: 'Wait longer with -w, or kill it: sfp-server stop --force',
      });
    }
    this.log(`Stopped (pid ${pid}).`);
    return { stopped: true, pid };
  }
}
