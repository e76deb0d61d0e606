import { basename } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { ownUnits, removeUnits, systemctl, systemctlLine, systemdRuns } from '../cli/systemd.ts';
import { unitDirectory } from '../config/systemd-environment.ts';

export default class Uninstall extends BaseCommand {
  static override summary = 'Stop and remove the systemd units that install wrote, and nothing else.';
  static override description = 'The home with its configuration, operations and secrets stays.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --user',
  ];
  static override flags = {
    user: Flags.boolean({ summary: 'Units of your own user instead of units of the system.' }),
    'dry-run': Flags.boolean({ summary: 'Say what would be removed and change nothing.' }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(Uninstall);
    this.refuseServer(flags.server);
    const kind = flags.user ? 'user' : 'system';
    const files = await ownUnits(unitDirectory(kind));
    if (files.length === 0) this.log(`There is no unit of sfp-server in ${unitDirectory(kind)}.`);
    if (flags['dry-run'] || files.length === 0) {
      for (const file of files) this.log(`would remove  ${file}`);
      return { kind, removed: [], found: files };
    }
    const runs = await systemdRuns(kind);
    if (runs) await systemctl(kind, 'disable', '--now', ...files.map((file) => basename(file)));
    await removeUnits(files);
    for (const file of files) this.log(`removed  ${file}`);
    if (runs) await systemctl(kind, 'daemon-reload');
    else this.log(`systemd does not run here. Where it does: ${systemctlLine(kind, 'daemon-reload')}`);
    return { kind, removed: files, found: files };
  }
}
