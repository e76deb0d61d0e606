import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Scene } from './arrange.ts';
import type { QuickstartServer } from './start-server.ts';

export interface PushReceipt {
  readonly status: number;
  readonly deliveryId: string;
  readonly operationId: string;
}

/** Sends what GitHub sends after a push, signed as GitHub signs it. */
export async function sendPush(server: QuickstartServer, scene: Scene): Promise<PushReceipt> {
  const body = JSON.stringify(pushOf(scene));
  const signature = createHmac('sha256', scene.hookSecret).update(body).digest('hex');
  const { status, text } = await post(server, body, {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/quickstart',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  });
  const answer: { deliveryId?: string; operations?: string[] } = JSON.parse(text);
  const operationId = answer.operations?.[0];
  if (status !== 202 || answer.deliveryId === undefined || operationId === undefined)
    throw new Error(`The webhook was answered with ${status}: ${text}`);
  return { status, deliveryId: answer.deliveryId, operationId };
}

function pushOf({ commitId }: Scene): object {
  return {
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: commitId,
    created: true,
    deleted: false,
    forced: false,
    repository: { id: 1, name: 'crm', full_name: 'acme/crm', default_branch: 'main' },
    pusher: { name: 'ada', email: 'ada@acme.example' },
    sender: { login: 'ada', id: 1 },
    head_commit: { id: commitId, message: 'Charge a fee for late invoices' },
  };
}

function post(
  server: QuickstartServer,
  body: string,
  headers: Record<string, string>,
): Promise<{ readonly status: number; readonly text: string }> {
  const options: RequestOptions = { method: 'POST', path: '/hooks/github', headers };
  const sent =
    server.url === null
      ? requestHttp({ ...options, socketPath: server.paths.edgeSocket })
      : requestHttps(server.hookUrl, { ...options, ca: readFileSync(server.rootCertificate) });
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.end(body);
  });
}
