import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { momentWords } from '../../tui/words.ts';

export default class TokenList extends BaseCommand {
  static override summary = "List a tenant's API tokens, without the tokens themselves.";
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --tenant acme',
  ];

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(TokenList);
    localTenant(this.environment, flags);
    const { items } = await (await this.client()).call('listTokens');
    if (items.length === 0) {
      this.log(
        'There is no API token. Create one with: sfp-server token create NAME --scope operations:read',
      );
    } else {
      const now = Date.now();
      this.printTable(items, [
        { title: 'ID', value: (token) => token.id, whole: true },
        { title: 'NAME', value: (token) => token.name },
        { title: 'SCOPES', value: (token) => token.scopes.join(' '), narrowest: 20 },
        { title: 'EXPIRES', value: ({ expiresAt }) => expiryWords(expiresAt, now), whole: true },
        {
          title: 'LAST USED',
          value: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : momentWords(lastUsedAt, now)),
          whole: true,
          optional: 'first',
        },
      ]);
    }
    return { tokens: items };
  }
}

function expiryWords(expiresAt: string | null, now: number): string {
  if (expiresAt === null) return 'never';
  return `${Date.parse(expiresAt) > now ? '' : 'expired '}${momentWords(expiresAt, now)}`;
}
