import type { Handler } from '../parts.ts';

export const serverStatus: Handler<'serverStatus'> = async ({ parts }) => parts.status();

/** Answered before the server stops: a request under way keeps its door open. */
export const drainServer: Handler<'drainServer'> = async ({ parts }) => {
  parts.drain.begin();
  return parts.status();
};

export const cancelDrain: Handler<'cancelDrain'> = async ({ parts }) => {
  parts.drain.end();
  return parts.status();
};

export const health: Handler<'health'> = async () => ({ ok: true });

/** 503 until everything is there. What exactly is missing is told to the owner only. */
export const readiness: Handler<'readiness'> = async ({ parts, door, reply }) => {
  const { ready, checks } = await parts.readiness();
  if (!ready) reply.code(503);
  return { ready, checks: door === 'control' ? checks : checks.map((check) => ({ ...check, detail: '' })) };
};
