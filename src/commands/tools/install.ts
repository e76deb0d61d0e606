import { BaseCommand } from '../../cli/base-command.ts';
import { type InstalledTool, installTool } from '../../cli/install-tools.ts';
import { readConfiguration } from '../../config/file.ts';

export default class ToolsInstall extends BaseCommand {
  static override summary = 'Install the CLIs that commands use.';
  static override description =
    'Each entry of tools: in sfp-server.yaml is installed once, from the registry that npm is configured for or that the entry names, and never changed afterwards. What is there already is left alone; the server need not be stopped.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<readonly InstalledTool[]> {
    const { flags } = await this.parse(ToolsInstall);
    this.refuseRemote(flags.server);
    const { paths } = this.environment;
    const { tools } = readConfiguration(paths);
    const done: InstalledTool[] = [];
    for (const [name, tool] of Object.entries(tools)) {
      if (!this.jsonEnabled()) console.error(`${name}: ${[tool.npm, ...(tool.plugins ?? [])].join(', ')} …`);
      done.push(await installTool(paths, name, tool));
    }
    if (done.length === 0) this.log('sfp-server.yaml names no tools.');
    this.printTable(done, [
      { title: 'TOOL', value: ({ name }) => name },
      { title: 'PACKAGE', value: ({ npm }) => npm },
      { title: 'INSTALLED', value: ({ installed }) => installed },
    ]);
    return done;
  }
}
