import { AppError } from '../../contract/errors.ts';

const MEGABYTE = 1024 * 1024;

/** What one deployment may hold (Metadata API Developer Guide, "Metadata Limits"). */
export const DEPLOYMENT_LIMIT = { files: 10_000, bytes: 600 * MEGABYTE, zipBytes: 39 * MEGABYTE } as const;
/** A project holds more files than its metadata. */
export const DIRECTORY_LIMIT = { files: 50_000, bytes: 600 * MEGABYTE } as const;

export interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** AppError too-large, with both numbers. */
export function checkSize(what: string, size: Size, limit: Size): void {
  if (size.files > limit.files) {
    throw new AppError(
      'too-large',
      `${what} has ${count(size.files)} files, and ${count(limit.files)} are allowed.`,
    );
  }
  if (size.bytes > limit.bytes) throw tooManyBytes(what, size.bytes, limit.bytes);
}

export function checkZip(bytes: number): void {
  if (bytes > DEPLOYMENT_LIMIT.zipBytes) throw tooManyBytes('The zip', bytes, DEPLOYMENT_LIMIT.zipBytes);
}

function tooManyBytes(what: string, bytes: number, limit: number): AppError {
  return new AppError(
    'too-large',
    `${what} has ${megabytes(bytes)} MB, and ${megabytes(limit)} MB are allowed.`,
  );
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function megabytes(bytes: number): string {
  return count(Math.ceil(bytes / MEGABYTE));
}
