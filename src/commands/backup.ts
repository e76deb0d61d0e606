import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import type { Backup } from '../contract/backup.ts';
import { AppError } from '../contract/errors.ts';

export default class BackupCommand extends BaseCommand {
  static override summary = 'Write all operations into one file, while the server runs or not.';
  static override description =
    'The file is that of one moment, and only its owner may read it. Not in it: sfp-server.yaml, the secrets of the vault, and uploads.';
  static override examples = ['<%= config.bin %> <%= command.id %> /backups/sfp-monday.db'];
  static override args = {
    file: Args.string({ required: true, description: 'New file, on the machine of the server.' }),
  };

  async run(): Promise<Backup> {
    const { args, flags } = await this.parse(BackupCommand);
    this.refuseRemote(flags.server);
    const file = resolve(args.file);
    const backup = await this.#throughDaemon(file);
    this.log(`${backup.file}: ${Math.ceil(backup.bytes / 1024)} kB`);
    return backup;
  }

  async #throughDaemon(file: string): Promise<Backup> {
    const client = await this.client();
    try {
      return await client.call('createBackup', { body: { file } });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'daemon-not-running') throw error;
      const { backUpHome } = await import('../daemon/offline.ts');
      return await backUpHome(this.environment.paths, file);
    }
  }
}
