import type { Call } from './answers.ts';
import { refuseCall } from './answers.ts';

export interface Part {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

/** Reads multipart/form-data (RFC 7578) whole. */
export function readMultipart(call: Call): readonly Part[] {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(
    call.headers['content-type'] ?? '',
  )?.[1];
  if (boundary === undefined)
    throw refuseCall(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'The request must be multipart/form-data with a boundary.',
    );
  const separator = Buffer.from(`\r\n--${boundary}`);
  const body = Buffer.concat([Buffer.from('\r\n'), call.body]);
  const parts: Part[] = [];
  let start = body.indexOf(separator);
  while (start !== -1) {
    start += separator.length;
    const end = body.indexOf(separator, start);
    if (end === -1) break;
    parts.push(readPart(body.subarray(start + 2, end)));
    start = end;
  }
  if (body.subarray(start, start + 2).toString() !== '--')
    throw refuseCall(400, 'INVALID_MULTIPART_REQUEST', 'The request ends before its last boundary.');
  return parts;
}

function readPart(part: Buffer): Part {
  const end = part.indexOf('\r\n\r\n');
  const headers = part.subarray(0, end).toString('utf8');
  return {
    name: /name="([^"]*)"/i.exec(headers)?.[1] ?? '',
    type: /^content-type:\s*([^;\r\n]+)/im.exec(headers)?.[1]?.trim() ?? '',
    content: part.subarray(end + 4),
  };
}
