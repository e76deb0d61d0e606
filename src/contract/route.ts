import type { TObject, TSchema } from 'typebox';
import type { Scope } from './access.ts';

/**
 * A route as a value: the daemon implements it, the client calls it, the edge's configuration reads it.
 * `scope: null` asks for no scope of an API token: on the edge it is open to everybody, and `door: 'control'` closes it there.
 * `raw` bodies are handed over as a stream or as bytes, not as JSON.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly door: 'both' | 'control';
  readonly scope: Scope | null;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  readonly raw?: 'bytes' | 'stream';
  readonly bodyLimit?: number;
  readonly status: number;
  readonly success: TSchema;
}

export const JSON_BODY_LIMIT_BYTES = 512 * 1024;
export const UPLOAD_LIMIT_BYTES = 100 * 1024 * 1024;
export const PAGE_LIMIT = 200;

export const route = <const R extends Route>(value: R): R => value;
