import { createHmac, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { isFinal, type Operation, type OperationRequest } from '../../src/contract/operation.ts';
import { until } from '../../test/support/until.ts';
import type { Stage } from './stage.ts';

const QUERY = { soql: 'SELECT Id, Name FROM User' };

/** Work of every kind that meets a secret, some of which fails, is cancelled or is refused at the door. */
export async function doWork(stage: Stage): Promise<readonly Operation[]> {
  const ids = [
    await askAtTheEdge(stage, { task: 'salesforce.query', org: 'jwt', input: QUERY }),
    await push(stage),
    await ask(stage, { task: 'salesforce.query', org: 'refresh', input: QUERY }),
    await ask(stage, { task: 'salesforce.identity', org: 'refresh', input: {} }),
    await ask(stage, { task: 'command', input: { command: 'alone', with: { how: 'succeed' } } }),
    await ask(stage, { task: 'command', org: 'jwt', input: { command: 'leak', with: { how: 'fail' } } }),
  ];
  await refused(stage);
  const waiting = await ask(stage, { task: 'command', input: { command: 'wait' } });
  await until(async () => (await get(stage, waiting)).state === 'running');
  await stage.server.client.call('cancelOperation', { params: { id: waiting } });
  const ended: Operation[] = [];
  for (const id of [...ids, waiting]) {
    await until(
      async () => isFinal((await get(stage, id)).state),
      () => `${id} has not ended`,
    );
    ended.push(await get(stage, id));
  }
  return ended;
}

function get({ server }: Stage, id: string): Promise<Operation> {
  return server.client.call('getOperation', { params: { id } });
}

async function ask({ server }: Stage, body: OperationRequest): Promise<string> {
  return (await server.client.call('createOperation', { body })).id;
}

async function askAtTheEdge(stage: Stage, body: OperationRequest): Promise<string> {
  const headers = { authorization: `Bearer ${stage.apiToken}` };
  const answer = await post(stage, '/api/v1/operations', JSON.stringify(body), headers);
  return (JSON.parse(answer) as { id: string }).id;
}

async function push(stage: Stage): Promise<string> {
  const body = JSON.stringify({ ref: 'refs/heads/main', after: '0'.repeat(40), repository: { name: 'crm' } });
  const answer = await post(stage, '/hooks/github', body, hookHeaders(stage.hookSecret, body));
  return (JSON.parse(answer) as { operations: string[] }).operations[0] ?? '';
}

/** A wrong signature, and secrets where they do not belong: none of it may be repeated. */
async function refused(stage: Stage): Promise<void> {
  const body = '{}';
  await post(stage, '/hooks/github', body, hookHeaders(`${stage.hookSecret}?`, body));
  await post(stage, '/api/v1/operations', body, { authorization: `Bearer ${stage.apiToken}?` });
  await post(stage, '/api/v1/operations', `{"task": ${stage.apiToken}`, {
    authorization: `Bearer ${stage.apiToken}`,
  });
}

function hookHeaders(secret: string, body: string): Record<string, string> {
  return {
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

function post(
  { server }: Stage,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ method: 'POST', path, socketPath: server.paths.edgeSocket },
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    sent.end(body);
  });
}
