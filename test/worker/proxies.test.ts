import { expect, test } from 'vitest';
import { proxySecrets, withoutProxies } from '../../src/worker/proxies.ts';

test('the password of a proxy is a secret, alone and with its user; an address without one holds none', () => {
  const environment = {
    HTTPS_PROXY: 'http://ada:p%40ss-word@proxy.example:3128',
    http_proxy: 'http://token-alone@proxy.example',
    HTTP_PROXY: 'proxy.example:3128',
    NO_PROXY: 'localhost,.example',
    PATH: '/usr/bin',
  };
  expect(proxySecrets(environment)).toEqual(['p@ss-word', 'ada:p@ss-word', 'token-alone']);
});

test('a program without a network is told of no proxy', () => {
  expect(withoutProxies({ https_proxy: 'http://a:b@c', NO_PROXY: 'd', PATH: '/usr/bin' })).toEqual({
    PATH: '/usr/bin',
  });
});
