// A fastify route with the body and answer schemas of POST /api/v1/operations that stores nothing and asks for no token.
import fastify from 'fastify';
import { type Operation, OperationRequest, OperationSchema } from '../../src/contract/operation.ts';

const [path = ''] = process.argv.slice(2);
const app = fastify();
const schema = { body: OperationRequest, response: { 202: OperationSchema } };
app.post<{ Body: OperationRequest }>('/api/v1/operations', { schema }, async (request, reply) => {
  reply.code(202);
  const answer: Operation = {
    id: 'op_00000000000000000000000000',
    task: request.body.task,
    tenant: 'default',
    org: request.body.org ?? null,
    state: 'queued',
    priority: 'normal',
    input: request.body.input,
    result: null,
    error: null,
    progress: null,
    attempt: 0,
    maxAttempts: 2,
    timeoutSeconds: 120,
    onWorkerLoss: null,
    pool: null,
    overrideWindow: null,
    waitingFor: null,
    retryOf: null,
    cancelRequestedAt: null,
    resolution: null,
    labels: {},
    origin: { kind: 'api', name: 'bench' },
    createdAt: new Date().toISOString(),
    scheduledFor: null,
    startedAt: null,
    finishedAt: null,
  };
  return answer;
});
await app.listen({ path });
process.on('SIGTERM', () => app.close());
