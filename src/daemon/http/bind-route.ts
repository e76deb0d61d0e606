import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../contract/errors.ts';
import { JSON_BODY_LIMIT_BYTES, type Route } from '../../contract/route.ts';
import { ROUTES, type RouteName } from '../../contract/routes.ts';
import { type Admission, authenticate } from './authenticate.ts';
import { type Call, type DoorContext, type Handler, TAKEN_OVER } from './parts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    admission: Admission | null;
  }
}

/** Binds a route of the contract: who may, what comes in, what is done, what goes out. */
export function bindRoute<N extends RouteName>(
  app: FastifyInstance,
  context: DoorContext,
  name: N,
  handler: Handler<N>,
): void {
  const route: Route = ROUTES[name];
  app.route({
    method: route.method,
    url: route.url,
    schema: schemaOf(route),
    bodyLimit: route.bodyLimit ?? JSON_BODY_LIMIT_BYTES,
    onRequest: async (request) => {
      refuseUpgrade(request);
      request.admission = await authenticate(context, route, request);
    },
    // whoever has nothing to say may say nothing
    preValidation: async (request) => {
      if (route.body) request.body ??= {};
    },
    handler: async (request, reply) => {
      reply.code(route.status);
      const answer = await handler({
        ...context,
        ...admissionOf(request),
        params: request.params,
        query: request.query,
        body: request.body,
        request,
        reply,
      } as Call<N>);
      // an empty answer has no body that a serializer could be asked for
      return answer === TAKEN_OVER ? reply : reply.send(answer ?? undefined);
    },
  });
}

export function admissionOf(request: FastifyRequest): Admission {
  if (request.admission === null) throw new AppError('unauthenticated', 'Nobody let this request in.');
  return request.admission;
}

/** Of an upgrade only the head is read, so a handler would wait for its body for ever. */
function refuseUpgrade(request: FastifyRequest): void {
  if (request.ws) throw new AppError('invalid-request', 'This path does not speak WebSocket.');
}

/** The framework lets through only what the success schema names. */
function schemaOf(route: Route): Record<string, unknown> {
  return {
    ...(route.params && { params: route.params }),
    ...(route.query && { querystring: route.query }),
    ...(route.body && { body: route.body }),
    response: { '2xx': route.success },
  };
}
