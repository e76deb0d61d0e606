import { describe, expect, it } from 'vitest';
import { salesforceUrl } from '../../src/cli/salesforce-url.ts';
import { parseSfdxUrl } from '../../src/cli/sfdx-url.ts';

describe('an sfdx auth URL', () => {
  it('has a client, a secret that may be empty, a refresh token and a host', () => {
    expect(
      parseSfdxUrl('force://PlatformCLI::5Aep861TSESvWeug_xvFHRBTTbf==@acme.my.salesforce.com\n'),
    ).toEqual({
      kind: 'sfdx-url',
      clientId: 'PlatformCLI',
      clientSecret: '',
      refreshToken: '5Aep861TSESvWeug_xvFHRBTTbf==',
      instanceUrl: 'https://acme.my.salesforce.com',
    });
    expect(parseSfdxUrl('force://3MVG9.abc:s3cret:5Aep@acme.my.salesforce.com')).toMatchObject({
      clientId: '3MVG9.abc',
      clientSecret: 's3cret',
    });
  });

  it('without a client belongs to the sf CLI', () => {
    expect(parseSfdxUrl('force://5Aep@acme.my.salesforce.com')).toMatchObject({
      clientId: 'PlatformCLI',
      refreshToken: '5Aep',
    });
  });

  it('may name this machine in the clear, and no other', () => {
    expect(parseSfdxUrl('force://a:b:c@http://127.0.0.1:8080').instanceUrl).toBe('http://127.0.0.1:8080');
    expect(() => parseSfdxUrl('force://a:b:c@http://10.0.0.1')).toThrow('This is no sfdx auth URL.');
  });

  it.each([
    '',
    'force://',
    'force://a:b@host',
    'force://a:b:c:d@host',
    'force://a:b:@host',
    'force://a:b:c@',
    'force://a:b:c@host/path',
    'force://a:b:c@host?x',
    'http://a:b:c@host',
    'x force://a:b:c@host',
  ])('is not: %s', (text) => {
    expect(() => parseSfdxUrl(text)).toThrow('This is no sfdx auth URL.');
  });
});

describe('the URL of an org', () => {
  it('is an origin over TLS, or on this machine', () => {
    expect(salesforceUrl('https://test.salesforce.com/')).toBe('https://test.salesforce.com');
    expect(salesforceUrl('http://localhost:1717')).toBe('http://localhost:1717');
    const refused = [
      'ftp://x',
      'http://test.salesforce.com',
      'https://x/path',
      'https://u:p@x',
      'https://x?q',
      'nothing',
    ];
    expect(refused.map(salesforceUrl)).toEqual(refused.map(() => null));
  });
});
