import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ulid } from 'ulid';
import { AppError } from '../../contract/errors.ts';
import { UPLOAD_LIMIT_BYTES } from '../../contract/route.ts';
import type { Upload } from '../../contract/server.ts';
import type { OperationParts } from '../operations/accept.ts';
import { diskTrouble } from '../store/disk-trouble.ts';
import type { StoredUpload } from '../store/port.ts';

const KEPT_MS = 24 * 3_600_000;

/** A stream becomes a file that is whole and on disk before the store knows of it; a broken one leaves nothing. */
export async function receiveUpload(
  parts: OperationParts,
  tenant: string,
  body: Readable,
  limitBytes = UPLOAD_LIMIT_BYTES,
): Promise<Upload> {
  const created = parts.now();
  const id = `up_${ulid(created.getTime())}`;
  const file = join(parts.paths.uploads, id);
  const unfinished = `${file}.part`;
  await mkdir(parts.paths.uploads, { recursive: true, mode: 0o700 });
  try {
    const content = await writeFile(unfinished, body, limitBytes);
    await rename(unfinished, file);
    await syncDirectory(parts.paths.uploads);
    const upload = { id, tenant, ...content, createdAt: created.toISOString(), expiresAt: expiryOf(created) };
    await parts.store.recordUpload(upload);
    return answerOf(upload);
  } catch (error) {
    await Promise.all([rm(unfinished, { force: true }), rm(file, { force: true })]);
    throw diskTrouble(error, 'the upload could not be kept') ?? error;
  }
}

async function writeFile(
  file: string,
  body: Readable,
  limitBytes: number,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of chunksOf(body)) {
      bytes += chunk.length;
      if (bytes > limitBytes) throw uploadTooLarge(limitBytes);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    if (bytes === 0) throw new AppError('invalid-request', 'The upload is empty.');
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Leaving the loop early must not destroy the connection: the refusal is still to be sent on it. */
async function* chunksOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    yield* body.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw new AppError('invalid-request', 'The upload broke off.', { cause: error });
  }
}

export function uploadTooLarge(limitBytes: number): AppError {
  return new AppError('body-too-large', `The upload has more than ${limitBytes} bytes.`, {
    hint: 'Leave out what the deployment does not need.',
  });
}

/** The name of a file is durable only with its directory. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function expiryOf(created: Date): string {
  return new Date(created.getTime() + KEPT_MS).toISOString();
}

function answerOf({ id, sha256, bytes, expiresAt }: StoredUpload): Upload {
  return { id, sha256, bytes, expiresAt };
}
