import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../contract/errors.ts';

/** What a request on a hook says of itself, once its signature has proved who sent it. */
export interface VerifiedDelivery {
  /** The sender's id of the delivery. The signature does not cover it, nor the event: the digest tells repeats too. */
  readonly sourceId: string;
  readonly event: string;
  readonly format: 'json' | 'form';
  /** SHA-256 of the raw body, in hex. */
  readonly digest: string;
  /** What rules may see of the headers. */
  readonly headers: Readonly<Record<string, string>>;
}

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;
const DELIVERY_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const EVENT = /^[A-Za-z0-9._-]{1,100}$/;
const VISIBLE_HEADER_CHARACTERS = 500;

/**
 * Kind `github`: `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the raw body in hex
 * (docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
 * AppError `bad-signature`; of a request that is signed, `invalid-request` or `unsupported-media-type`.
 */
export function verifyGithub(
  secrets: readonly string[],
  headers: IncomingHttpHeaders,
  body: Buffer,
): VerifiedDelivery {
  const signature = SIGNATURE.exec(single(headers, 'x-hub-signature-256'))?.[1];
  if (signature === undefined) {
    throw new AppError(
      'bad-signature',
      'The request has no header X-Hub-Signature-256 of the form sha256=….',
    );
  }
  if (!isSigned(secrets, Buffer.from(signature, 'hex'), body)) {
    throw new AppError('bad-signature', "The signature does not match the body and this hook's secret.");
  }
  return {
    sourceId: required(headers, 'X-GitHub-Delivery', DELIVERY_ID),
    event: required(headers, 'X-GitHub-Event', EVENT),
    format: formatOf(single(headers, 'content-type')),
    digest: createHash('sha256').update(body).digest('hex'),
    headers: visible(headers),
  };
}

/** Every secret is tried, however early one fits: the time says nothing of which. */
function isSigned(secrets: readonly string[], signature: Buffer, body: Buffer): boolean {
  const fits = secrets.map((secret) => {
    if (secret === '') return false;
    return timingSafeEqual(createHmac('sha256', secret).update(body).digest(), signature);
  });
  return fits.includes(true);
}

function required(headers: IncomingHttpHeaders, name: string, pattern: RegExp): string {
  const value = single(headers, name.toLowerCase());
  if (pattern.test(value)) return value;
  throw new AppError('invalid-request', `The header ${name} is missing or malformed.`);
}

function formatOf(contentType: string): 'json' | 'form' {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  throw new AppError(
    'unsupported-media-type',
    'A webhook comes as application/json or application/x-www-form-urlencoded.',
  );
}

function visible(headers: IncomingHttpHeaders): Record<string, string> {
  const names = Object.keys(headers).filter(
    (name) => name === 'user-agent' || name === 'content-type' || name.startsWith('x-github-'),
  );
  return Object.fromEntries(
    names.map((name) => [name, single(headers, name).slice(0, VISIBLE_HEADER_CHARACTERS)]),
  );
}

/** A header that came twice counts as none. */
function single(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
