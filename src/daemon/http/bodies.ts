import type { FastifyInstance } from 'fastify';
import type { Route } from '../../contract/route.ts';

/** How the body of a kind of route is read: bytes as they came, a stream, or one JSON document. */
export function readBodies(app: FastifyInstance, raw: Route['raw']): void {
  app.removeAllContentTypeParsers();
  if (raw === 'bytes') readBytes(app);
  else if (raw === 'stream') handStreamOver(app);
  else readJson(app);
}

/** A signature covers the very bytes, whatever type they claim to be. */
function readBytes(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function handStreamOver(app: FastifyInstance): void {
  app.addContentTypeParser(['application/zip', 'application/octet-stream'], (_request, payload, done) =>
    done(null, payload),
  );
}

/** Clients send the type also where they send no body: that is no mistake unless the route wants one. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body, done),
  );
}
