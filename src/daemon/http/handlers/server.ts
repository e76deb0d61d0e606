import type { Handler } from '../parts.ts';

export const serverStatus: Handler<'serverStatus'> = async ({ parts }) => parts.status();

export const health: Handler<'health'> = async () => ({ ok: true });

/** 503 until everything is there. What exactly is missing is told to the owner only. */
export const readiness: Handler<'readiness'> = async ({ parts, door, reply }) => {
  const { ready, checks } = await parts.readiness();
  if (!ready) reply.code(503);
  return { ready, checks: door === 'control' ? checks : checks.map((check) => ({ ...check, detail: '' })) };
};
