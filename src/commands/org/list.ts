import { BaseCommand } from '../../cli/base-command.ts';
import { connectionOf } from '../../client/connect.ts';
import type { Org } from '../../contract/org.ts';
import { localTime, lockWords, pauseWords, windowWords } from '../../tui/words.ts';

export default class OrgList extends BaseCommand {
  static override summary = 'List the orgs that the server knows.';
  static override description =
    "On the server's own machine it also says which vault keeps the logins. Operations of one organisation id wait for each other, whatever alias they name.";
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(OrgList);
    const client = await this.client();
    const { items } = await client.call('listOrgs');
    const local = connectionOf(this.environment, flags).kind === 'socket';
    const vault = local ? (await client.call('serverStatus')).vault : null;
    if (items.length === 0) {
      this.log('No org is known yet. Log in with: sfp-server org login KIND -a ALIAS');
    } else {
      this.printTable(items, [
        { title: 'ALIAS', value: (org) => org.alias, whole: true },
        { title: 'LOGIN', value: (org) => org.kind, whole: true },
        { title: 'STATE', value: stateWords, whole: true },
        { title: 'USER', value: (org) => org.username },
        { title: 'ORGANISATION', value: (org) => org.organisationId, whole: true },
        { title: 'INSTANCE', value: (org) => org.instanceUrl },
        { title: 'LAST USE', value: ({ login }) => (login.usedAt === null ? '-' : localTime(login.usedAt)) },
        { title: 'RUNNING', value: (org) => String(org.lane.running.length), align: 'right' },
        { title: 'WAITING', value: (org) => String(org.lane.waiting.length), align: 'right' },
      ]);
    }
    for (const { alias, lane } of items) {
      if (lane.paused !== null) this.log(`${alias} is ${pauseWords(lane.paused)}`);
      for (const lock of lane.locks) this.log(`${alias} has ${lockWords(lock)}`);
    }
    for (const { alias, window } of items) {
      if (window?.open === false) this.log(`${alias} is ${windowWords(window)}`);
    }
    if (vault !== null) this.log(`Logins are in the ${vault} vault.`);
    return { orgs: items, vault };
  }
}

/** `ok`, `unchecked`, or since when the org refuses it. */
function stateWords({ login: { state, refusedAt } }: Org): string {
  return refusedAt === null ? state : `${state} since ${localTime(refusedAt)}`;
}
