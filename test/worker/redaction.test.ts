import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHoldBack } from '../../src/worker/hold-back.ts';
import { createLines } from '../../src/worker/output.ts';
import { createRedaction, type Redaction } from '../../src/worker/redaction.ts';

const SECRET = 'Pa55"word/+with=signs&more';
const withSecret = () => {
  const redaction = createRedaction();
  redaction.register(SECRET);
  return redaction;
};

describe('redaction', () => {
  test('masks a secret however it is written', () => {
    const { text } = withSecret();
    const bytes = Buffer.from(SECRET);
    for (const form of [
      SECRET,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      encodeURIComponent(SECRET),
      new URLSearchParams({ token: SECRET }).toString(),
      JSON.stringify({ token: SECRET }),
    ]) {
      const masked = text(`before ${form} after`);
      expect(masked).toContain('[redacted]');
      expect(masked).not.toContain(form);
      expect(masked).toMatch(/^before .* after$/);
    }
  });

  test('masks a secret inside a longer text that was encoded as a whole', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (before, after) => {
        const encoded = Buffer.from(`${before}${SECRET}${after}`).toString('base64');
        const masked = withSecret().text(encoded);
        expect(Buffer.from(masked.replaceAll('[redacted]', '****'), 'base64').toString()).not.toContain(
          SECRET,
        );
        expect(masked).toContain('[redacted]');
      }),
    );
  });

  test('masks every line of a key', () => {
    const redaction = createRedaction();
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj';
    redaction.register(`-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`);
    expect(redaction.text(`near ${line} it failed`)).toBe('near [redacted] it failed');
  });

  test('goes deep into values and keys', () => {
    const { json } = withSecret();
    expect(json({ a: [{ [SECRET]: 1, b: `x ${SECRET}` }], c: null, d: 2, e: true })).toEqual({
      a: [{ '[redacted]': 1, b: 'x [redacted]' }],
      c: null,
      d: 2,
      e: true,
    });
  });

  test('knows secrets by their form that nobody registered', () => {
    const { text } = createRedaction();
    expect(text('got 00D5g000004AcMe!AQEAQFabc.DEF_ghi-jkl0123456789 today')).toBe('got [redacted] today');
    expect(text('force://PlatformCLI::5Aep861abc@acme.my.salesforce.com')).toBe('[redacted]');
    expect(text(`sfp_${'a'.repeat(43)}`)).toBe('[redacted]');
    expect(text('https://ada:ghp_token@github.com/acme/crm.git')).toBe(
      'https://[redacted]@github.com/acme/crm.git',
    );
    expect(text('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n')).toBe('[redacted]\n[redacted]\n');
    for (const token of [
      `5Aep861${'a'.repeat(40)}`,
      `ghp_${'a'.repeat(36)}`,
      `npm_${'a'.repeat(36)}`,
      `eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSJ9.${'a'.repeat(40)}`,
    ])
      expect(text(`got ${token} today`)).toBe('got [redacted] today');
    expect(text('x-eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSJ9.c2lnbmF0dXJl today')).toBe('[redacted] today');
  });

  test('leaves ordinary text alone, and does not mask what is too short to be a secret', () => {
    const redaction = createRedaction();
    redaction.register('');
    redaction.register('ab');
    const ordinary = 'ab: 3 of 12 components, 00D5g000004AcMeUAK, https://acme.example/a@b, main@1a2b3c4';
    expect(redaction.text(ordinary)).toBe(ordinary);
  });
});

describe('what a program prints on purpose', () => {
  /** A pattern that looks at the rest of such a text from each of its beginnings takes minutes. */
  const CHARACTERS = 1_000_000;

  test('takes redaction time in proportion to its length', () => {
    const redaction = withSecret();
    for (const unit of [
      'eyJ-',
      'eyJaaaaaaaa-',
      'eyJaaaaaaaa.',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\n-----END ',
      '00D000000000000!',
      '5Aep861.',
      'force://',
      'glpat-',
      'sfp_',
      'a://',
      'Bearer !',
      '\n \n',
      SECRET.slice(0, -1),
    ])
      expect(redaction.text(unit.repeat(CHARACTERS / unit.length)).length, unit).toBeGreaterThan(0);
  });

  test('is held back in time in proportion to its lines', () => {
    const holdBack = createHoldBack(withSecret());
    let lines = 0;
    const count = (): void => {
      lines += 1;
    };
    for (let key = 0; key < 20; key += 1) {
      holdBack.put('-----BEGIN PRIVATE KEY-----', () => undefined);
      for (let line = 0; line < 32_000; line += 1) holdBack.put('x', count);
      holdBack.flush();
    }
    expect(lines).toBe(640_000);
  });
});

describe('a secret that is told piece by piece', () => {
  /** What came out, piece for piece. */
  const told = (redaction: Redaction, pieces: readonly string[]): readonly string[] => {
    const out: string[] = [];
    const holdBack = createHoldBack(redaction);
    for (const piece of pieces) holdBack.put(piece, (masked) => void out.push(masked));
    holdBack.flush();
    return out;
  };
  const secrets = fc.string({ minLength: 12, maxLength: 60, unit: 'grapheme-ascii' }).map((text) => {
    const bare = text.replace(/\s/g, '.');
    return `s3-${bare}`;
  });
  const encodings = fc.constantFrom(
    (text: string) => text,
    (text: string) => Buffer.from(text).toString('base64'),
    (text: string) => Buffer.from(text).toString('hex'),
    (text: string) => encodeURIComponent(text),
    (text: string) => JSON.stringify(text).slice(1, -1),
  );
  const cuts = fc.array(fc.nat(200), { maxLength: 6 });
  const cutAt = (text: string, places: readonly number[]): readonly string[] => {
    const sorted = [...new Set(places.map((place) => place % text.length))].sort((a, b) => a - b);
    return [0, ...sorted]
      .map((start, index) => text.slice(start, sorted[index]))
      .filter((piece) => piece !== '');
  };

  const masksEveryForm = (made: () => Redaction) =>
    fc.property(secrets, encodings, cuts, (secret, encode, places) => {
      const redaction = made();
      redaction.register(secret);
      const form = encode(secret);
      const pieces = ['before', ...cutAt(form, places), '~ after'];
      const out = told(redaction, pieces);
      expect(out).toHaveLength(pieces.length);
      expect(out.join('')).not.toContain(form);
      expect(out.join('')).toContain('[redacted]');
      expect(out[0]).toBe('before');
      expect(out.at(-1)).toBe('~ after');
      for (const [index, piece] of pieces.slice(1, -1).entries()) {
        if (piece.length >= 8) expect(out[index + 1]).not.toContain(piece);
      }
    });

  test('is masked in every form, wherever it is cut into lines, and each line stays a line', () => {
    fc.assert(masksEveryForm(createRedaction));
  });

  test('is not masked by a hold-back that waits for nothing, and that is found', () => {
    const hasty = () => ({ ...createRedaction(), follow: () => () => false });
    expect(fc.check(masksEveryForm(hasty), { endOnFailure: true }).failed).toBe(true);
  });

  test('is masked wherever its output is cut into chunks', () => {
    fc.assert(
      fc.property(secrets, encodings, cuts, (secret, encode, places) => {
        const redaction = createRedaction();
        redaction.register(secret);
        const form = encode(secret);
        let out = '';
        const lines = createLines(redaction, (text) => {
          out += text;
          return true;
        });
        for (const chunk of cutAt(`before ${form} after\nnext`, places)) lines.put(Buffer.from(chunk));
        lines.end();
        expect(out).not.toContain(form);
        expect(out).toMatch(/^before .*\[redacted\].* after\nnext$/);
      }),
    );
  });

  test('that nobody knows is masked from the beginning of a key to its end', () => {
    const key = ['-----BEGIN PRIVATE KEY-----', 'MIIEvQIBADANBgkqhkiG9w0BAQEF', '-----END PRIVATE KEY-----'];
    expect(told(createRedaction(), ['a', ...key, 'b'])).toEqual([
      'a',
      '[redacted]',
      '[redacted]',
      '[redacted]',
      'b',
    ]);
  });

  test('keeps ordinary text no longer than a moment', async () => {
    const redaction = createRedaction();
    redaction.register('secret-of-acme');
    const out: string[] = [];
    const holdBack = createHoldBack(redaction);
    holdBack.put('this ends in sec', (masked) => void out.push(masked));
    holdBack.put('and that does not end so', (masked) => void out.push(masked));
    expect(out).toEqual(['this ends in sec', 'and that does not end so']);
    holdBack.put('nothing follows s', (masked) => void out.push(masked));
    await expect.poll(() => out.at(-1)).toBe('nothing follows s');
  });
});
