import type { Readable } from 'node:stream';
import { AppError } from '../../../contract/errors.ts';
import { UPLOAD_LIMIT_BYTES } from '../../../contract/route.ts';
import type { Handler } from '../parts.ts';
import { receiveUpload, uploadTooLarge } from '../receive-upload.ts';

export const createUpload: Handler<'createUpload'> = async ({ parts, caller, request }) => {
  const body = request.body as Readable | undefined;
  if (body === undefined) throw new AppError('invalid-request', 'The upload is empty.');
  if (Number(request.headers['content-length']) > UPLOAD_LIMIT_BYTES)
    throw uploadTooLarge(UPLOAD_LIMIT_BYTES);
  return receiveUpload(parts.operations, caller.tenant, body);
};
