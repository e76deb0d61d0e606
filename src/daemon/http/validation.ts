import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Convert } from 'typebox/value';
import { AppError } from '../../contract/errors.ts';
import { describeMismatch } from '../../contract/mismatch.ts';
import { lazily } from './lazily.ts';

/** Checks what comes in by the schema of its route, compiled for the first request; a query is text, so its numbers are read first. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = lazily(() => Compile(schema));
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request');
  return (data: unknown) => {
    const value = part === 'query' ? Convert(schema, data) : data;
    if (validator().Check(value)) return { value };
    return { error: new AppError('invalid-request', describeMismatch(validator().Errors(value), part)) };
  };
};
