import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { PROBLEM_MEDIA_TYPE, type Problem } from '../../contract/problem.ts';

/** Every answer that is no success leaves here, as RFC 9457 wants it. */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => answerProblem(error, request, reply));
  app.setNotFoundHandler(async (request, reply) =>
    answerProblem(
      new AppError('route-not-found', `There is no ${request.method} ${pathOf(request)} here.`),
      request,
      reply,
    ),
  );
}

export async function answerProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const expected = expectedError(error);
  if (expected === null) request.log.error({ err: error }, 'a request met a bug');
  const problem = problemOf(expected ?? new AppError('internal', 'The server met a bug; its log says more.'));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const seconds = expected?.retryAfterSeconds ?? (problem.status === 503 ? 1 : null);
  if (seconds !== null) reply.header('retry-after', String(seconds));
  if (UNREAD_BODY.includes(problem.code)) discardRest(request, reply);
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}

/** What is no HTTP has no request and no reply, only a connection that ends with the answer. */
export function answerMalformed(_error: Error, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const problem = problemOf(new AppError('invalid-request', 'The request is no well-formed HTTP.'));
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      `content-type: ${PROBLEM_MEDIA_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function problemOf(error: AppError): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
  };
}

/** What the framework calls the mistakes of a request. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-json',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported-media-type',
};

/** Null: nobody expected this. */
function expectedError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return null;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : FRAMEWORK_CODES[code];
  const detail = `The request was refused: ${error.message}`;
  if (known !== undefined) return new AppError(known, detail);
  const clientsMistake = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return clientsMistake ? new AppError('invalid-request', detail) : null;
}

/** Refusals in the middle of a body. */
const UNREAD_BODY: readonly string[] = ['body-too-large', 'too-busy'];

/** How long a client may go on sending what was refused. */
const DISCARD_MS = 5_000;

/**
 * A client that still sends when the connection ends finds a broken pipe instead of the answer. So the rest is read and
 * thrown away for a while.
 */
function discardRest({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  if (raw.complete) return;
  const cutOff = setTimeout(() => raw.destroy(), DISCARD_MS).unref();
  raw.once('close', () => clearTimeout(cutOff));
  raw.resume();
}

/** Without the query, which may hold what somebody should not have put there. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
