import { type RouteDefinition, SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySerializerCompiler } from 'fastify';
import { lazily } from './lazily.ts';

/** Writes what goes out by the schema of its route, as fastify does; compiled for the first answer. */
export function createSerializerCompiler(): FastifySerializerCompiler<unknown> {
  const compile = SerializerSelector()();
  return (route) => {
    const serializer = lazily(() => compile(route as RouteDefinition));
    return (answer) => serializer()(answer);
  };
}
