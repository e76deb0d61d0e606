import { type Dispatcher, EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { OrgSilence } from './failures.ts';

/** Far above what an org answers to any call of ours: thousands of records, or the failures of a large deployment. */
export const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly timeoutMs: number;
  /** Null: the call must be heard out. */
  readonly signal: AbortSignal | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/** HTTP through the proxies that the environment names. Sends once; a failure is an OrgSilence, an interruption the signal's reason. */
export function createHttp(): SendHttp {
  const dispatcher = new EnvHttpProxyAgent({ allowH2: false });
  return (request) => send(dispatcher, request);
}

async function send(dispatcher: Dispatcher, request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, signal } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      dispatcher,
      // A token must not follow a redirect to another host.
      redirect: 'error',
      signal: signal === null ? limit : AbortSignal.any([limit, signal]),
    });
    const text = await textOf(response);
    return { status: response.status, headers: Object.fromEntries(response.headers), body: text };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new OrgSilence(new URL(url).host, error);
  }
}

/** However small it was on its way: it is unpacked by then. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) throw new Error(`its answer has more than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
