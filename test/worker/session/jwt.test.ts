import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { signAssertion } from '../../../src/worker/session/jwt.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const login = {
  clientId: '3MVG9client',
  username: 'ada@acme.example',
  loginUrl: 'https://login.salesforce.com/some/path',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

describe('a JWT assertion', () => {
  test('is what Salesforce checks: RS256, audience the login host, an end in seconds within five minutes', async () => {
    const now = new Date('2026-11-23T10:00:00.600Z');
    const { payload, protectedHeader } = await jwtVerify(signAssertion(login, now), publicKey, {
      currentDate: now,
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(payload).toEqual({
      iss: login.clientId,
      sub: login.username,
      aud: 'https://login.salesforce.com',
      exp: Date.parse('2026-11-23T10:03:00Z') / 1_000,
    });
  });

  test('needs an RSA key', () => {
    const { privateKey: other } = generateKeyPairSync('ed25519');
    const pem = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const key of [pem, 'nonsense', '']) {
      expect(() => signAssertion({ ...login, privateKey: key }, new Date())).toThrow(
        /no RSA key in PEM form/,
      );
    }
  });
});
