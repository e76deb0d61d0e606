import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedaction } from '../../src/worker/redaction.ts';

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
    expect(text('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n')).toBe('[redacted]');
  });

  test('leaves ordinary text alone, and does not mask what is too short to be a secret', () => {
    const redaction = createRedaction();
    redaction.register('');
    redaction.register('ab');
    const ordinary = 'ab: 3 of 12 components, 00D5g000004AcMeUAK, https://acme.example/a@b, main@1a2b3c4';
    expect(redaction.text(ordinary)).toBe(ordinary);
  });
});
