import { type Command, Help } from '@oclif/core';

/** The commands as a newcomer needs them: first a server, then its orgs, then work, then everything around it. */
export const SECTIONS: readonly { readonly title: string; readonly commands: readonly string[] }[] = [
  {
    title: 'SERVER',
    commands: [
      'init',
      'start',
      'status',
      'doctor',
      'stop',
      'pause',
      'resume',
      'backup',
      'restore',
      'install',
      'uninstall',
    ],
  },
  {
    title: 'ORGS AND SECRETS',
    commands: [
      'org:login:sfdx-url',
      'org:login:jwt',
      'org:login:client-credentials',
      'org:login:access-token',
      'org:login:sandbox',
      'org:list',
      'org:test',
      'org:pause',
      'org:resume',
      'org:lock',
      'org:logout',
      'secret:set',
      'secret:list',
      'secret:remove',
      'vault:show',
      'vault:move',
    ],
  },
  {
    title: 'WORK',
    commands: [
      'enqueue',
      'tail',
      'operation:list',
      'operation:show',
      'operation:cancel',
      'operation:retry',
      'operation:resolve',
      'schedule:list',
      'tools:install',
    ],
  },
  {
    title: 'ACCESS FROM OUTSIDE',
    commands: ['token:create', 'token:list', 'token:revoke', 'caddy:show', 'caddy:validate'],
  },
];

/** `sfp-server --help`: every command on one screen, in the order in which they are needed. */
export class ServerHelp extends Help {
  protected override async showRootHelp(): Promise<void> {
    const { bin, pjson, version } = this.config;
    this.log(`${bin} ${version}\n${this.wrap(String(pjson['description'] ?? ''))}\n`);
    this.log(`${this.section('USAGE', `$ ${bin} COMMAND [FLAGS]`)}\n`);
    for (const { title, commands } of this.#sections()) {
      this.log(`${this.section(title, this.#list(commands))}\n`);
    }
    this.log(`More of one: ${bin} COMMAND --help`);
  }

  #sections(): readonly { title: string; commands: readonly Command.Loadable[] }[] {
    const known = SECTIONS.flatMap(({ commands }) => commands);
    const rest = this.sortedCommands.map(({ id }) => id).filter((id) => !known.includes(id));
    return [...SECTIONS, { title: 'MORE', commands: rest }]
      .map(({ title, commands }) => ({ title, commands: commands.flatMap((id) => this.#find(id)) }))
      .filter(({ commands }) => commands.length > 0);
  }

  #find(id: string): readonly Command.Loadable[] {
    return this.sortedCommands.filter((command) => command.id === id);
  }

  #list(commands: readonly Command.Loadable[]): string {
    const rows = commands.map((command): [string, string | undefined] => [
      command.id.replaceAll(':', ' '),
      this.summary(command),
    ]);
    return this.renderList(rows, { indentation: 2, spacer: '\n', stripAnsi: this.opts.stripAnsi ?? false });
  }
}
