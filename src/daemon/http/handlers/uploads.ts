import type { Readable } from 'node:stream';
import { AppError } from '../../../contract/errors.ts';
import type { Handler } from '../parts.ts';
import { receiveUpload } from '../receive-upload.ts';

export const createUpload: Handler<'createUpload'> = async ({ parts, caller, request, reply }) => {
  const body = request.body as Readable | undefined;
  if (body === undefined) throw new AppError('invalid-request', 'The upload is empty.');
  // what was not read of a refused upload must not be taken for the next request
  reply.header('connection', 'close');
  const upload = await receiveUpload(parts.operations, caller.tenant, body);
  reply.removeHeader('connection');
  return upload;
};
