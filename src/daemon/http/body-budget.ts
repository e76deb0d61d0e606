import type { Readable } from 'node:stream';
import { AppError } from '../../contract/errors.ts';

/** Bodies that nobody has vouched for yet, kept in memory together up to a limit. */
export interface BodyBudget {
  /** AppError `body-too-large` over `limitBytes`, `too-busy` where this body had to make room for newer ones. */
  read(body: Readable, limitBytes: number): Promise<Buffer>;
}

interface Reading {
  bytes: number;
  readonly giveUp: (error: AppError) => void;
}

/**
 * A signature is known only with the last byte, so anybody can make the server keep what he sends. Over the limit the
 * oldest unfinished body has to go: an honest sender is done within a moment, one that holds memory is not.
 */
export function createBodyBudget(totalBytes: number): BodyBudget {
  const unfinished = new Set<Reading>();
  let keptBytes = 0;

  const count = (reading: Reading, bytes: number) => {
    reading.bytes += bytes;
    keptBytes += bytes;
    for (const oldest of unfinished) {
      if (keptBytes <= totalBytes) return;
      forget(oldest);
      oldest.giveUp(new AppError('too-busy', 'Too many large requests are being received at once.'));
    }
  };
  const forget = (reading: Reading) => {
    if (unfinished.delete(reading)) keptBytes -= reading.bytes;
  };

  return {
    async read(body, limitBytes) {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const reading: Reading = { bytes: 0, giveUp: reject };
      const chunks: Buffer[] = [];
      const onData = (chunk: Buffer) => {
        if (reading.bytes + chunk.length > limitBytes) return reject(bodyTooLarge(limitBytes));
        chunks.push(chunk);
        count(reading, chunk.length);
      };
      const onEnd = () => resolve(Buffer.concat(chunks));
      const onBreak = () => reject(new AppError('invalid-request', 'The body broke off.'));
      unfinished.add(reading);
      body.on('data', onData).once('end', onEnd).once('error', onBreak).once('close', onBreak);
      try {
        return await promise;
      } finally {
        body.off('data', onData).off('end', onEnd).off('close', onBreak);
        chunks.length = 0;
        forget(reading);
      }
    },
  };
}

export function bodyTooLarge(limitBytes: number): AppError {
  return new AppError('body-too-large', `The body has more than ${limitBytes} bytes.`);
}
