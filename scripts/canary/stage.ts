import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orgAccount, secretAccount } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import { type SalesforceStandIn, startSalesforce } from '../../test/support/salesforce/start.ts';
import { startTestServer, type TestServer } from '../../test/support/server.ts';
import type { Secret } from './search.ts';

const PROJECT = join(import.meta.dirname, '..', 'quickstart', 'project');

/** Prints what it was handed in every way that people think of, keeps it in a file, and fails with it on its last line. */
const LEAK = `
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
const secrets = [process.env.NPM_TOKEN, readFileSync(process.env.HOME + '/.key', 'utf8'), process.env.SF_ACCESS_TOKEN];
mkdirSync('kept', { recursive: true });
for (const secret of secrets.filter(Boolean)) {
  const bytes = Buffer.from(secret);
  const forms = [secret, bytes.toString('hex'), bytes.toString('base64'), encodeURIComponent(secret)];
  for (const form of forms) { console.log(form); console.error('x' + form); }
  for (const line of Buffer.from(secret + '\\n').toString('base64').match(/.{1,76}/g)) console.log(line);
  console.log('\\u001b[31m' + secret.slice(0, 9) + '\\u001b[0m' + secret.slice(9));
  writeFileSync('kept/' + secret.slice(0, 200).replaceAll('/', '_') + '.txt', forms.join('\\n'));
}
console.log('the token is ' + secrets[0]);
process.exit(process.argv.includes('fail') ? 3 : 0);
`;

export interface Stage {
  readonly server: TestServer;
  readonly org: SalesforceStandIn;
  readonly hookSecret: string;
  readonly apiToken: string;
  /** All that must not be found, with what was made up to now. */
  secrets(): readonly Secret[];
  remove(): Promise<void>;
}

/** A real server with secrets in every place that takes one. */
export async function setStage(): Promise<Stage> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-can-')));
  const repository = makeRepository(place);
  const org = await startSalesforce();
  const server = await startTestServer({
    configuration: {
      orgs: { jwt: {}, refresh: {} },
      repos: { crm: { url: repository, secret: 'github' } },
      hooks: { github: { kind: 'github', secret: 'hook', rules: [DEPLOY_ON_PUSH] } },
      commands: { leak: leak({ org: true }), alone: leak({ artifacts: ['kept/*'] }), wait: WAIT },
    },
  });
  const jwt = org.addJwtLogin('ada@acme.example');
  const refresh = org.addRefreshLogin({
    username: 'bob@acme.example',
    clientSecret: made('client'),
    rotation: true,
  });
  const named = { github: `ada:${made('git')}`, hook: made('hook'), npm: made('npm'), key: made('key') };
  const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
  for (const [name, value] of Object.entries(named)) await vault.set(secretAccount('default', name), value);
  await vault.set(orgAccount('default', 'jwt'), JSON.stringify({ kind: 'jwt', ...jwt }));
  const { clientId, clientSecret, refreshToken, instanceUrl } = refresh;
  const login = { kind: 'sfdx-url', clientId, clientSecret, refreshToken, instanceUrl };
  await vault.set(orgAccount('default', 'refresh'), JSON.stringify(login));
  for (const [alias, kind, username] of [
    ['jwt', 'jwt', jwt.username],
    ['refresh', 'sfdx-url', refresh.username],
  ] as const) {
    const { organisationId, url } = org;
    const body = { kind, username, instanceUrl: url, organisationId };
    await server.client.call('putOrg', { params: { org: alias }, body });
  }
  const scopes = ['operations:read', 'operations:write'] as const;
  const created = { name: 'ci', scopes: [...scopes], expiresAt: null };
  const { token: apiToken } = await server.client.call('createToken', { body: created });
  return {
    server,
    org,
    hookSecret: named.hook,
    apiToken,
    secrets: () => [
      { name: 'key of a JWT login', value: jwt.privateKey },
      { name: 'client secret', value: clientSecret },
      { name: 'refresh token', value: refreshToken },
      { name: 'rotated refresh token', value: org.currentRefreshToken(refreshToken) ?? refreshToken },
      ...org.issuedTokens().map((value) => ({ name: 'access token', value })),
      { name: 'Git token', value: named.github.slice('ada:'.length) },
      { name: 'webhook secret', value: named.hook },
      { name: 'secret of a command', value: named.npm },
      { name: 'secret file of a command', value: named.key },
      { name: 'API token', value: apiToken },
    ],
    async remove() {
      await server.remove();
      await org.stop();
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** With what URLs, JSON and base64 write in another way. */
function made(name: string): string {
  return `${name}+/"${randomBytes(24).toString('base64')}`;
}

const DEPLOY_ON_PUSH = {
  name: 'push',
  on: { event: 'push', branch: 'main' },
  task: 'salesforce.deploy',
  org: 'jwt',
  input: { source: { git: { repo: 'crm', ref: 'main' } } },
};
const WAIT = { run: ['sleep', '600'], secrets: { npm: { env: 'NPM_TOKEN' } } };

function leak(more: object): object {
  const words = ['node', '--input-type=module', '--eval', LEAK, '--', ['{{ with.how }}']];
  const how = { type: 'string', enum: ['succeed', 'fail'] };
  const secrets = { npm: { env: 'NPM_TOKEN' }, key: { file: '.key' } };
  return { run: words, input: { properties: { how } }, secrets, ...more };
}

function makeRepository(place: string): string {
  const directory = join(place, 'crm');
  cpSync(PROJECT, directory, { recursive: true });
  const git = (...words: readonly string[]) =>
    execFileSync('git', words, { cwd: directory, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=ada', '-c', 'user.email=ada@acme.example', 'commit', '--message=first');
  return directory;
}
