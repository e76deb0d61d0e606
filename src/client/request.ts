import type { Readable } from 'node:stream';
import { AppError, isErrorCode } from '../contract/errors.ts';
import type { Problem } from '../contract/problem.ts';
import type { Route } from '../contract/route.ts';
import {
  ROUTES,
  type RouteBody,
  type RouteName,
  type RouteParams,
  type RouteQuery,
  type RouteSuccess,
} from '../contract/routes.ts';
import { type Connection, credentialHeaders, credentialsChanged, unreachable } from './connect.ts';
import type { Answer, Transport } from './transport.ts';

export interface CallInput<N extends RouteName> {
  readonly params?: RouteParams<N>;
  readonly query?: RouteQuery<N>;
  readonly body?: RouteBody<N>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

interface Line {
  readonly connection: Connection;
  readonly transport: Transport;
}

type Input<N extends RouteName> = CallInput<N> & { readonly content?: Buffer | Readable };

/** What undici and the system say when nobody listens; anything else broke on the way. */
const NOBODY_THERE = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/** One request and its answer, as the table of routes describes them. */
export async function exchange<N extends RouteName>(
  line: Line,
  name: N,
  input: Input<N>,
): Promise<RouteSuccess<N>> {
  const { connection } = line;
  const credentials = credentialHeaders(connection);
  const answer = await send(line, name, input, credentials);
  if (answer.status !== 401 || input.content || !credentialsChanged(connection, credentials)) {
    return success(connection, name, answer);
  }
  return success(connection, name, await send(line, name, input, credentialHeaders(connection)));
}

async function send<N extends RouteName>(
  { connection, transport }: Line,
  name: N,
  input: Input<N>,
  credentials: Record<string, string>,
): Promise<Answer> {
  const route: Route = ROUTES[name];
  try {
    return await transport.send({
      url: addressOf(connection, route, input),
      method: route.method,
      headers: { accept: 'application/json', ...contentType(input), ...input.headers, ...credentials },
      body: input.content ?? (input.body === undefined ? null : JSON.stringify(input.body)),
      signal: input.signal ?? null,
    });
  } catch (cause) {
    throw input.signal?.aborted ? cause : lineError(connection, cause as NodeJS.ErrnoException);
  }
}

function addressOf(connection: Connection, route: Route, input: { params?: unknown; query?: unknown }): URL {
  const params = (input.params ?? {}) as Record<string, string>;
  const path = route.url.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const url = new URL((connection.kind === 'url' ? connection.url : 'http://localhost') + path);
  for (const [name, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function contentType(input: { body?: unknown; content?: unknown }): Record<string, string> {
  if (input.content !== undefined) return { 'content-type': 'application/octet-stream' };
  return input.body === undefined ? {} : { 'content-type': 'application/json' };
}

function lineError(connection: Connection, cause: NodeJS.ErrnoException): AppError {
  if (connection.kind === 'url' || NOBODY_THERE.has(cause.code ?? '')) return unreachable(connection, cause);
  return new AppError(
    'server-unreachable',
    `The daemon did not answer: ${cause.message || cause.code || 'the connection broke'}.`,
    { cause, hint: 'Look at it with: sfp-server status' },
  );
}

function success<N extends RouteName>(
  connection: Connection,
  name: N,
  { status, text }: Answer,
): RouteSuccess<N> {
  if (status === 204) return null as RouteSuccess<N>;
  const document = parse(text);
  if (status < 300 && document !== undefined) return document as RouteSuccess<N>;
  // not ready is an answer too, and its body says why
  if (name === 'readiness' && isReadiness(document)) return document as RouteSuccess<N>;
  throw problemError(connection, status, document, text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isReadiness(document: unknown): boolean {
  return typeof (document as { ready?: unknown } | null | undefined)?.ready === 'boolean';
}

/** A problem document as the error it stands for. */
function problemError(connection: Connection, status: number, document: unknown, text: string): AppError {
  const problem = (document ?? {}) as Partial<Problem>;
  const said = problem.detail ?? problem.title ?? text.trim().slice(0, 200);
  if (isErrorCode(problem.code)) {
    return new AppError(problem.code, said, problem.hint ? { hint: problem.hint } : {});
  }
  const where = connection.kind === 'url' ? connection.url : 'The daemon';
  const code = [502, 503, 504].includes(status) || document === undefined ? 'server-unreachable' : 'internal';
  const detail = `${where} answered ${status}${said ? `: ${said}` : ' without saying why.'}`;
  return new AppError(code, detail, problem.hint ? { hint: problem.hint } : {});
}
