import { PassThrough } from 'node:stream';
import { Connection } from 'jsforce/lib/connection.js';
import { Transport } from 'jsforce/lib/transport.js';
import type { HttpResponse, HttpRequest as JsforceRequest } from 'jsforce/lib/types/common.js';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { cutText } from '../../contract/limits.ts';
import { OrgRefusal } from './failures.ts';
import { createHttp, type HttpAnswer, type SendHttp } from './http.ts';

/** The API version of calls that name none. */
export const DEFAULT_API_VERSION = '65.0';

const CALL_LIMIT_MS = 120_000;
const RETRY_AFTER_LIMIT_MS = 300_000;

export interface OrgCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** From the root of the host, or of the API version: `/services/data/…` or `/query?…`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal | null;
}

/** Calls one org with one session. A call is sent once; it fails with an OrgRefusal or an OrgSilence. */
export interface OrgConnection {
  call(request: OrgCall): Promise<unknown>;
}

export interface SessionKey {
  readonly accessToken: string;
  readonly instanceUrl: string;
}

export function connect(key: SessionKey, version: string): OrgConnection {
  const connection = new Connection({ ...key, version });
  const http = createHttp();
  return { call: (request) => call(connection, http, request) };
}

async function call(connection: Connection, http: SendHttp, request: OrgCall): Promise<unknown> {
  const transport = new OneCall(http, request);
  const { method, path, headers = {}, body } = request;
  try {
    return await connection.request(
      { method, url: path, headers: { ...headers }, ...(body === undefined ? {} : { body }) },
      { transport },
    );
  } catch (error) {
    throw transport.answer === null ? error : refusal(transport.answer, error);
  }
}

/**
 * jsforce's own transport loses a connection that breaks in the middle of an answer (its 'error' event has no listener,
 * which ends the process), repeats calls by itself, follows redirects with the token, and knows no NO_PROXY.
 */
class OneCall extends Transport {
  answer: HttpAnswer | null = null;
  readonly #http: SendHttp;
  readonly #limits: { readonly timeoutMs: number; readonly signal: AbortSignal | null };

  constructor(http: SendHttp, { timeoutMs = CALL_LIMIT_MS, signal }: OrgCall) {
    super();
    this.#http = http;
    this.#limits = { timeoutMs, signal };
  }

  override httpRequest(request: JsforceRequest): StreamPromise<HttpResponse> {
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: this.#send(request) }));
  }

  async #send({ method, url, headers = {}, body }: JsforceRequest): Promise<HttpResponse> {
    const content = typeof body === 'string' || Buffer.isBuffer(body) ? body : null;
    this.answer = await this.#http({ method, url, headers, body: content, ...this.#limits });
    return { statusCode: this.answer.status, headers: { ...this.answer.headers }, body: this.answer.body };
  }
}

function refusal(answer: HttpAnswer, error: unknown): OrgRefusal {
  const { errorCode, message } = error as { readonly errorCode?: unknown; readonly message?: unknown };
  return new OrgRefusal({
    status: answer.status,
    errorCode: typeof errorCode === 'string' ? errorCode : `HTTP_${answer.status}`,
    message: typeof message === 'string' ? cutText(message.trim(), 2_000) : '',
    retryAfterMs: retryAfterMs(answer.headers['retry-after']),
  });
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(value: string | undefined): number | null {
  if (value === undefined) return null;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), RETRY_AFTER_LIMIT_MS) : null;
}
