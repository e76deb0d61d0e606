import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { refuseRunningDaemon } from '../cli/running-daemon.ts';

interface Restored {
  readonly laidAside: string | null;
  readonly stayed: number;
  readonly cancelled: number;
  readonly indeterminate: number;
  readonly doubtfulTokens: number;
}

export default class Restore extends BaseCommand {
  static override summary = 'Put a backup in the place of the database; the server must be stopped.';
  static override description =
    `The backup is checked from end to end before anything is touched. The server may have gone on after the backup was made: deployments that waited are cancelled, and one that ran is followed where it is known, or else indeterminate. --continue says that nothing ran since.

What was revoked since stays revoked where the former database is there and can be read; otherwise --revoke-tokens makes sure.

Clients that follow the events are told that their place in them is lost.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> /backups/sfp-monday.db',
    '<%= config.bin %> <%= command.id %> /backups/sfp-monday.db --replace',
  ];
  static override args = { file: Args.string({ required: true, description: 'What backup wrote.' }) };
  static override flags = {
    replace: Flags.boolean({ summary: 'Lay the database aside that is there.' }),
    continue: Flags.boolean({ summary: 'Nothing ran since the backup: go on with all of its work.' }),
    'revoke-tokens': Flags.boolean({ summary: 'Revoke all API tokens that the backup has.' }),
  };

  async run(): Promise<Restored> {
    const { args, flags } = await this.parse(Restore);
    this.refuseRemote(flags.server);
    const { paths } = this.environment;
    await refuseRunningDaemon(await this.client(), paths.home);
    const { restoreHome } = await import('../daemon/offline.ts');
    const restored = await restoreHome(paths, {
      backup: resolve(args.file),
      replace: flags.replace,
      continueWork: flags.continue,
      revokeTokens: flags['revoke-tokens'],
    });
    const { cancelled, doubtfulTokens, indeterminate, laidAside, stayed } = restored;
    this.log(`Restored ${args.file} into ${paths.home}.`);
    this.log(`  Of its work ${stayed} goes on, ${cancelled} cancelled, ${indeterminate} indeterminate.`);
    if (laidAside !== null) this.log(`  The former database lies at ${laidAside}.`);
    if (cancelled + indeterminate > 0) {
      this.warn('What is still wanted has to be retried: sfp-server operation list, once the server runs.');
    }
    if (doubtfulTokens > 0) {
      this.warn(
        `${doubtfulTokens} API tokens of the backup work again, also any that were revoked since: look through sfp-server token list.`,
      );
    }
    return restored;
  }
}
