import { BaseCommand } from '../../cli/base-command.ts';
import { findCaddy } from '../../cli/caddy.ts';
import { tryCaddyfile } from '../../cli/try-caddyfile.ts';
import { readConfiguration } from '../../config/file.ts';
import { edgeUrl, renderCaddyfile } from '../../edge/render.ts';

export default class CaddyValidate extends BaseCommand {
  static override summary =
    "Let the installed Caddy check the Caddyfile that follows from this home's sfp-server.yaml.";
  static override description = 'Nothing is written and no running Caddy is touched.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<unknown> {
    const { paths } = this.environment;
    const configuration = readConfiguration(paths);
    await tryCaddyfile(paths, renderCaddyfile(configuration, paths));
    const caddy = await findCaddy();
    const url = edgeUrl(configuration.edge);
    this.log(`Caddy ${caddy?.version ?? ''} accepts the Caddyfile for ${url}.`);
    return { valid: true, version: caddy?.version ?? null, url };
  }
}
