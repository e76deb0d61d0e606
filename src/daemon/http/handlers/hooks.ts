import type { Handler } from '../parts.ts';

/** The bytes go on as they came, because the signature covers them. */
export const receiveHook: Handler<'receiveHook'> = async ({ parts, params, request, reply }) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { repeated, receipt } = await parts.receive(params.hook, request.headers, body);
  if (repeated) reply.code(200);
  return receipt;
};
