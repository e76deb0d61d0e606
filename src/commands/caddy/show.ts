import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { writeCaddyfile } from '../../cli/caddy.ts';
import { readConfiguration } from '../../config/file.ts';
import { renderCaddyfile } from '../../edge/render.ts';

export default class CaddyShow extends BaseCommand {
  static override summary = "Print the Caddyfile that follows from this home's sfp-server.yaml.";
  static override description =
    'The daemon that starts Caddy itself writes it at each start; where Caddy is a service of its own, its unit does so with --write.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --write',
  ];
  static override flags = {
    write: Flags.boolean({ summary: "Also write it to the home's Caddyfile." }),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(CaddyShow);
    const { paths } = this.environment;
    const caddyfile = renderCaddyfile(readConfiguration(paths), paths);
    if (flags.write) await writeCaddyfile(paths, caddyfile);
    this.log(flags.write ? `Written to ${paths.caddyfile}` : caddyfile.trimEnd());
    return { path: paths.caddyfile, written: flags.write, caddyfile };
  }
}
