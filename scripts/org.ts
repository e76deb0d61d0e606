import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type SalesforceStandIn, startSalesforce } from '../test/support/salesforce/start.ts';

/**
 * `npm run org`: a stand-in for a Salesforce org, for trying the server by hand. Prints how to log in to it, one command for each
 * kind, and runs until Ctrl-C. `--json` prints one object instead; `--port N`; `--organisation-id 00D…`.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'organisation-id': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const organisationId = values['organisation-id'];
const org = await startSalesforce({
  port: Number(values.port),
  ...(organisationId === undefined ? {} : { organisationId }),
});
const directory = mkdtempSync(join(tmpdir(), 'sfp-org-'));
const logins = arrangeLogins(org, directory);
if (values.json) {
  console.log(JSON.stringify({ url: org.url, organisationId: org.organisationId, directory, logins }));
} else {
  console.log(`A stand-in for the org ${org.organisationId} listens at ${org.url}. Log in to it:\n`);
  for (const { kind, command } of logins) console.log(`  # ${kind}\n  ${command}\n`);
  console.log('Ctrl-C ends it and removes the files that the commands read.');
}
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void end());

async function end(): Promise<void> {
  await org.stop();
  rmSync(directory, { recursive: true, force: true });
}

interface Login {
  readonly kind: string;
  readonly command: string;
}

/** What is secret lies in files: nobody reads it from the terminal, or from an argument. */
function arrangeLogins(stand: SalesforceStandIn, place: string): readonly Login[] {
  const keep = (name: string, text: string): string => {
    const file = join(place, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const jwt = stand.addJwtLogin();
  const app = stand.addClientCredentialsLogin('app@acme.example');
  const given = stand.addAccessToken();
  const login = (kind: string, words: string): Login => ({
    kind,
    command: `sfp-server org login ${kind} -a stand-in ${words}`,
  });
  const key = keep('server.key', jwt.privateKey);
  return [
    login('jwt', `--client-id ${jwt.clientId} --username ${jwt.username} -f ${key} --login-url ${stand.url}`),
    login('sfdx-url', `-f ${keep('auth-url', stand.addRefreshLogin({ rotation: true }).url)}`),
    login(
      'client-credentials',
      `--client-id ${app.clientId} -f ${keep('client-secret', app.clientSecret)} --login-url ${stand.url}`,
    ),
    login('access-token', `-f ${keep('access-token', given.accessToken)} --instance-url ${stand.url}`),
  ];
}
