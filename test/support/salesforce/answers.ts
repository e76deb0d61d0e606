import type { IncomingHttpHeaders } from 'node:http';

/** Every call that the stand-in knows and counts. */
export const CALLS = [
  'token',
  'revoke',
  'identity',
  'record',
  'soap',
  'versions',
  'limits',
  'query',
  'queryMore',
  'toolingQuery',
  'deploy',
  'deployStatus',
  'deployCancel',
  'unknown',
] as const;
export type CallName = (typeof CALLS)[number];

/** One request, read whole. */
export interface Call {
  readonly name: CallName;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The part of the path that varies: an id or a cursor. */
  readonly id: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the org refuses, in the words of Salesforce. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(JSON.stringify(answer.body));
    this.answer = answer;
  }
}

/** A refusal of the data API: an array of one error. */
export function refuseCall(status: number, errorCode: string, message: string): Refusal {
  return new Refusal({ status, body: [{ message, errorCode }] });
}

/** A refusal of the token endpoint (RFC 6749, section 5.2). */
export function refuseGrant(error: string, description: string): Refusal {
  return new Refusal({ status: 400, body: { error, error_description: description } });
}

export function invalidSession(): Refusal {
  const body = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
  return new Refusal({ status: 401, body, headers: { 'www-authenticate': 'Token' } });
}
