import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyGithub } from '../../../src/daemon/hooks/verify.ts';

const body = Buffer.from('{"zen":"Keep it logically awesome."}');

function sign(secret: string, bytes: Buffer = body): string {
  return `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
}

function headers(changes: Record<string, string | undefined> = {}): Record<string, string | undefined> {
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/abc',
    'x-github-event': 'push',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-hub-signature-256': sign('s3cret'),
    authorization: 'Bearer not-for-rules',
    ...changes,
  };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a signed request', () => {
  it("GitHub's own example of a signature is verified", () => {
    const hello = Buffer.from('Hello, World!');
    const published = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const verified = verifyGithub(
      ["It's a Secret to Everybody"],
      headers({ 'x-hub-signature-256': published }),
      hello,
    );
    expect(verified.sourceId).toBe('72d3162e-cc78-11e3-81ab-4c9367dc0958');
  });

  it('says who sent what, with a digest of the body and the headers that rules may see', () => {
    const verified = verifyGithub(['s3cret'], headers({ 'x-github-hook-id': '7' }), body);
    expect(verified).toMatchObject({ event: 'push', format: 'json' });
    expect(verified.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(verified.headers).sort()).toEqual([
      'content-type',
      'user-agent',
      'x-github-delivery',
      'x-github-event',
      'x-github-hook-id',
    ]);
  });

  it('may be a form, and may be signed with any of several secrets', () => {
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    expect(verifyGithub(['other', 's3cret'], headers({ 'content-type': type }), body).format).toBe('form');
  });
});

describe('a request that is not signed', () => {
  it.each([
    ['a tampered body', headers(), Buffer.from(`${body.toString()} `)],
    ['the signature of another secret', headers({ 'x-hub-signature-256': sign('guessed') }), body],
    ['no signature', headers({ 'x-hub-signature-256': undefined }), body],
    ['a signature that is too short', headers({ 'x-hub-signature-256': 'sha256=00' }), body],
    ['a SHA-1 signature', headers({ 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }), body],
    [
      'no signature and nothing else either',
      { 'x-github-event': undefined, 'content-type': 'text/plain' },
      body,
    ],
  ])('%s', (_, given, bytes) => {
    expect(() => verifyGithub(['s3cret'], given, bytes)).toThrow(code('bad-signature'));
  });

  it('an empty secret verifies nothing', () => {
    expect(() => verifyGithub([''], headers({ 'x-hub-signature-256': sign('') }), body)).toThrow(
      code('bad-signature'),
    );
    expect(() => verifyGithub([], headers(), body)).toThrow(code('bad-signature'));
  });
});

describe('a signed request that is malformed', () => {
  it.each([
    ['no event', { 'x-github-event': undefined }, 'invalid-request'],
    ['no delivery id', { 'x-github-delivery': undefined }, 'invalid-request'],
    ['a delivery id without an end', { 'x-github-delivery': 'a'.repeat(129) }, 'invalid-request'],
    ['an event with a line break', { 'x-github-event': 'push\nx' }, 'invalid-request'],
    ['another content type', { 'content-type': 'text/plain' }, 'unsupported-media-type'],
    ['no content type', { 'content-type': undefined }, 'unsupported-media-type'],
  ])('%s', (_, changes, expected) => {
    expect(() => verifyGithub(['s3cret'], headers(changes), body)).toThrow(code(expected));
  });
});
