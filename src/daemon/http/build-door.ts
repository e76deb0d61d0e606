import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { AppError } from '../../contract/errors.ts';
import type { Route } from '../../contract/route.ts';
import { ROUTES, type RouteName } from '../../contract/routes.ts';
import { bindRoute } from './bind-route.ts';
import { readBodies } from './bodies.ts';
import { HANDLERS } from './handlers/table.ts';
import { createLiveConnections } from './live-connections.ts';
import type { Door, DoorContext, DoorParts } from './parts.ts';
import { answerMalformed, answerProblem, answerWithProblems } from './problems.ts';
import { createSerializerCompiler } from './serialization.ts';
import { bindStream } from './stream.ts';
import { compileValidator } from './validation.ts';

/** How long a client may take to send one request, its body included: 100 MB at 170 kB/s. */
const REQUEST_TIMEOUT_MS = 600_000;

/** How long a closing door waits for requests that are still being sent or answered. */
const FAREWELL_MS = 2_000;

/** One door of the application: the same routes and handlers behind its own way of letting callers in. */
export async function buildDoor(parts: DoorParts, door: Door): Promise<FastifyInstance> {
  const app = createInstance(parts, door);
  const context: DoorContext = { parts, door, live: createLiveConnections() };
  app.decorateRequest('admission', null);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(createSerializerCompiler());
  answerWithProblems(app);
  endLiveConnectionsFirst(app, context);
  logRequests(app);
  if (door === 'control') tellVersion(app, parts.version);
  await bindStream(app, context);
  for (const raw of [undefined, 'bytes', 'stream'] as const) {
    await app.register(async (part) => {
      readBodies(part, raw);
      for (const name of routesWith(raw)) bindRoute(part, context, name, HANDLERS[name]);
    });
  }
  await app.ready();
  return app;
}

function createInstance(parts: DoorParts, door: Door): FastifyInstance {
  return fastify({
    loggerInstance: parts.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    // the client that Caddy saw; what a client claims about itself lies further back and is not believed
    trustProxy: door === 'edge' ? (_address, hop) => hop < 1 : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => {
      void answerProblem(error, request, reply);
    },
  });
}

function routesWith(raw: Route['raw']): RouteName[] {
  return (Object.keys(ROUTES) as RouteName[]).filter((name) => (ROUTES[name] as Route).raw === raw);
}

/** A closing door lets nobody in any more, and does not wait for those who only listen. */
function endLiveConnectionsFirst(app: FastifyInstance, context: DoorContext): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    context.live.endAll();
    setTimeout(() => app.server.closeAllConnections(), FAREWELL_MS).unref();
  });
  app.addHook('onRequest', async () => {
    if (closing) throw new AppError('shutting-down', 'The server is about to stop.');
  });
  // a connection that is kept would keep the door open
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const caller = request.admission?.caller;
    request.log[request.method === 'GET' ? 'debug' : 'info'](
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        tenant: caller?.tenant ?? null,
        token: caller?.token?.id ?? null,
        from: request.ip,
      },
      'request',
    );
  });
}

/** The owner's client can say so when it is of another version than the daemon. */
function tellVersion(app: FastifyInstance, version: string): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('sfp-server-version', version);
  });
}
