import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../contract/errors.ts';
import type { Route } from '../../contract/route.ts';
import { bodyTooLarge, createBodyBudget } from './body-budget.ts';

/** Five webhooks of the largest size, or thousands of usual ones. */
const UNSIGNED_LIMIT_BYTES = 128 * 1024 * 1024;

/** How the body of a kind of route is read: bytes as they came, a stream, or one JSON document. */
export function readBodies(app: FastifyInstance, raw: Route['raw']): void {
  app.removeAllContentTypeParsers();
  if (raw === 'bytes') readBytes(app);
  else if (raw === 'stream') handStreamOver(app);
  else readJson(app);
}

/** A signature covers the very bytes, whatever type they claim to be. */
function readBytes(app: FastifyInstance): void {
  const budget = createBodyBudget(UNSIGNED_LIMIT_BYTES);
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    const limitBytes = request.routeOptions.bodyLimit;
    if (Number(request.headers['content-length']) > limitBytes) throw bodyTooLarge(limitBytes);
    return await budget.read(payload, limitBytes);
  });
}

function handStreamOver(app: FastifyInstance): void {
  app.addContentTypeParser(['application/zip', 'application/octet-stream'], (_request, payload, done) =>
    done(null, payload),
  );
}

/** Clients send the type also where they send no body: that is no mistake unless the route wants one. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = textOf(body);
    if (text === null) done(new AppError('invalid-json', 'The body is no UTF-8.'));
    else if (text === '') done(null, undefined);
    else void parse(request, text, done);
  });
}

/** Null: bytes that stand for no character. Guessing at them would accept what nobody sent. */
function textOf(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}
