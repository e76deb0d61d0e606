import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationEvent } from '../../src/contract/event.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { installRealClis, lendRealClis, REAL_CLIS } from '../support/real-clis.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';

const PROJECT = join(import.meta.dirname, '..', '..', 'scripts', 'quickstart', 'project');
const LIMIT_MS = 240_000;

let org: SalesforceStandIn;
let server: TestServer;
let root: string;
let project: string;

/** Real programs start slowly: one server and one org for all of them. */
beforeAll(async () => {
  await installRealClis();
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-src-')));
  project = join(root, 'crm');
  cpSync(PROJECT, project, { recursive: true });
  org = await startSalesforce();
  org.setRecords('SfpowerscriptsArtifact2__c', []);
  server = await startTestServer({
    configuration: {
      directories: [root],
      repos: { crm: { url: project } },
      tools: REAL_CLIS,
      commands: {
        deploy: { preset: 'sf.deploy' },
        query: { preset: 'sf.data' },
        whoami: { preset: 'sf', run: ['sf', 'org', 'display', '--target-org', 'target'], source: false },
        default: { preset: 'sf', run: ['sf', 'org', 'display'] },
        ran: { preset: 'sf', run: ['sh', '-c', 'echo ran'] },
        build: { preset: 'sfp.build' },
        install: { preset: 'sfp.install' },
      },
    },
    prepare: lendRealClis,
  });
  await registerOrg(server, org);
}, LIMIT_MS);

afterAll(async () => {
  await server.remove();
  await org.stop();
  rmSync(root, { recursive: true, force: true });
});

async function run(input: Record<string, unknown>): Promise<Operation> {
  const { id } = await server.client.call('createOperation', {
    body: { task: 'command', org: 'uat', input },
  });
  return untilState(server, id, 'succeeded', 'failed', 'indeterminate', 'cancelled');
}

async function eventsOf({ id }: Operation): Promise<readonly OperationEvent['body'][]> {
  const all: OperationEvent[] = [];
  for (let more = true; more; ) {
    const query = { limit: 200, after: all.at(-1)?.seq ?? 0 };
    const { items } = await server.client.call('listEvents', { params: { id }, query });
    all.push(...items);
    more = items.length === query.limit;
  }
  return all.map(({ body }) => body);
}

async function printedBy(operation: Operation): Promise<string> {
  const lines = (await eventsOf(operation)).flatMap((body) => (body.type === 'log' ? [body.message] : []));
  return lines.join('\n');
}

describe('the real sf CLI as a command', () => {
  test(
    'deploys with the session of the operation alone, and its progress is understood',
    async () => {
      const operation = await run({
        command: 'deploy',
        with: { sourceDir: ['force-app'], testLevel: 'RunLocalTests' },
        source: { directory: project },
      });
      expect(operation, await printedBy(operation)).toMatchObject({
        state: 'succeeded',
        result: { command: 'deploy', exitCode: 0 },
      });
      const [deployment] = org.deployments;
      expect(deployment?.package.components.map(({ fullName }) => fullName)).toContain('LateFee');
      const events = await eventsOf(operation);
      const progress = events.flatMap((body) => (body.type === 'progress' ? [body.progress] : []));
      expect(progress).toContainEqual({ done: 8, total: 8, unit: 'components', message: '' });
      expect(progress).toContainEqual({ done: 12, total: 12, unit: 'tests', message: '' });
      expect(events.some((body) => body.type === 'log' && body.ansi?.includes('\u001b['))).toBe(true);
      expect(JSON.stringify(events)).not.toMatch(/00D[A-Za-z0-9]{12,15}!/);
      expect(org.liveSessions()).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'queries data, with a value that a shell would have read',
    async () => {
      const operation = await run({
        command: 'query',
        with: { query: "SELECT Id, Name FROM User WHERE Name != '$(id)'" },
      });
      expect(operation, await printedBy(operation)).toMatchObject({ state: 'succeeded' });
      expect(await printedBy(operation)).toContain('ada');
    },
    LIMIT_MS,
  );

  test(
    'runs what a declaration of its own says, and never tells the access token',
    async () => {
      const operation = await run({ command: 'whoami' });
      expect(await printedBy(operation)).toContain('ada@acme.example');
      expect(await printedBy(operation)).not.toMatch(/00D[A-Za-z0-9]{12,15}!/);
    },
    LIMIT_MS,
  );
});

describe('the login of the real sf CLI', () => {
  const configured = (name: string, configuration: string): string => {
    const directory = join(root, name);
    cpSync(PROJECT, directory, { recursive: true });
    mkdirSync(join(directory, '.sf'));
    writeFileSync(join(directory, '.sf', 'config.json'), configuration);
    return directory;
  };

  test(
    'succeeds where the source code has a configuration that is no JSON',
    async () => {
      const operation = await run({
        command: 'ran',
        source: { directory: configured('broken', 'no JSON') },
      });
      expect(operation, await printedBy(operation)).toMatchObject({
        state: 'succeeded',
        result: { outputTail: ['ran'] },
      });
    },
    LIMIT_MS,
  );

  test(
    'makes its org the default one, whatever the source code says',
    async () => {
      const directory = configured('other', JSON.stringify({ 'target-org': 'other' }));
      const operation = await run({ command: 'default', source: { directory } });
      expect(operation, await printedBy(operation)).toMatchObject({ state: 'succeeded' });
      expect(await printedBy(operation)).toContain('ada@acme.example');
    },
    LIMIT_MS,
  );
});

describe('the real sfp as a command', () => {
  test(
    'builds the artifacts of a repository, which are kept, and installs them in the org',
    async () => {
      const packages = [
        { path: 'force-app', default: true, package: 'crm', versionNumber: '1.0.0.NEXT', type: 'source' },
      ];
      writeFileSync(
        join(project, 'sfdx-project.json'),
        JSON.stringify({ packageDirectories: packages, sourceApiVersion: '65.0', namespace: '' }),
      );
      const git = (...words: readonly string[]) =>
        execFileSync('git', words, { cwd: project, stdio: 'ignore' });
      git('init', '--initial-branch=main');
      git('add', '--all');
      git('-c', 'user.name=ada', '-c', 'user.email=ada@acme.example', 'commit', '--message=first');
      // sfp asks every 30 s how far a deployment is.
      org.planDeployments({ pace: { polls: 1 } });
      const built = await run({
        command: 'build',
        with: { branch: 'main', repoUrl: 'https://github.com/acme/crm.git' },
        source: { git: { repo: 'crm', ref: 'main' } },
      });
      expect(built, await printedBy(built)).toMatchObject({
        state: 'succeeded',
        result: { artifacts: [{ name: expect.stringMatching(/^artifacts\/crm_.*\.zip$/) }] },
      });
      const kept = join(server.paths.artifacts, built.id, 'artifacts');
      expect(existsSync(kept)).toBe(true);

      cpSync(kept, join(project, 'artifacts'), { recursive: true });
      const before = org.deployments.length;
      const installed = await run({ command: 'install', source: { directory: project } });
      expect(installed, await printedBy(installed)).toMatchObject({ state: 'succeeded' });
      expect(org.deployments).toHaveLength(before + 1);
      const progress = (await eventsOf(installed)).flatMap((body) =>
        body.type === 'progress' ? [body.progress] : [],
      );
      expect(progress, await printedBy(installed)).toContainEqual({
        done: 0,
        total: 8,
        unit: 'components',
        message: 'InProgress',
      });
      expect(org.liveSessions()).toBe(0);
    },
    LIMIT_MS,
  );
});
