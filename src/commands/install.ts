import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { ownerName } from '../cli/account-name.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { findCaddy } from '../cli/caddy.ts';
import { systemctl, systemctlLine, systemdRuns, verifyUnits, writeUnits } from '../cli/systemd.ts';
import { renderUnits } from '../cli/systemd-units.ts';
import { readConfiguration } from '../config/file.ts';
import { pathsOf } from '../config/paths.ts';
import { unitDirectory } from '../config/systemd-environment.ts';

export default class Install extends BaseCommand {
  static override summary = 'Let systemd run the daemon, and Caddy in front of it, from now on.';
  static override description =
    'Writes sfp-server.service and, where Caddy is installed, sfp-server-caddy.service, lets systemd-analyze check them, and starts them where systemd runs. System units run as the owner of the home.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    'sudo SFP_SERVER_HOME=/srv/sfp <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --user',
  ];
  static override flags = {
    user: Flags.boolean({ summary: 'Units of your own user instead of units of the system.' }),
    home: Flags.string({ helpValue: 'DIRECTORY', summary: 'Home of the server; default SFP_SERVER_HOME.' }),
    caddy: Flags.boolean({ allowNo: true, default: true, summary: 'Also a unit for Caddy.' }),
    'dry-run': Flags.boolean({ summary: 'Print the units and change nothing.' }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(Install);
    this.refuseServer(flags.server);
    const kind = flags.user ? 'user' : 'system';
    const paths = flags.home === undefined ? this.environment.paths : pathsOf(resolve(flags.home));
    const { vault } = readConfiguration(paths);
    const caddy = flags.caddy ? ((await findCaddy())?.path ?? null) : null;
    const directory = unitDirectory(kind);
    const units = renderUnits({
      kind,
      home: paths.home,
      node: process.execPath,
      program: resolve(this.config.root, 'bin', 'run.js'),
      caddy,
      user: ownerName(paths.home),
    });

    if (flags.caddy && caddy === null) this.warn('Caddy is not installed, so the server gets no edge.');
    if (kind === 'system' && vault.provider === 'keychain') {
      this.warn(
        'The keychain of a login session is out of reach of a system unit: use --user, or sfp-server vault move --to file.',
      );
    }
    const verified = await verifyUnits(kind, units);
    if (!verified) this.warn('systemd-analyze is not installed, so the units are not checked.');
    if (flags['dry-run']) {
      for (const { name, text } of units) this.log(`# ${directory}/${name}\n${text}`);
      return { kind, directory, units, verified, written: [], started: false };
    }
    const written = await writeUnits(directory, units);
    for (const file of written) this.log(`written  ${file}`);
    const started = await this.startUnits(
      kind,
      units.map(({ name }) => name),
    );
    return { kind, directory, units, verified, written, started };
  }

  private async startUnits(kind: 'system' | 'user', names: readonly string[]): Promise<boolean> {
    const steps = [['daemon-reload'], ['enable', '--now', ...names]];
    if (!(await systemdRuns(kind))) {
      this.log('systemd does not run here. Where it does:');
      for (const step of steps) this.log(`  ${systemctlLine(kind, ...step)}`);
      return false;
    }
    for (const step of steps) await systemctl(kind, ...step);
    this.log(`started  ${names.join(' ')}`);
    if (kind === 'user') this.log('To let them run while you are logged out: loginctl enable-linger');
    return true;
  }
}
