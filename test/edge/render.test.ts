import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validateCaddyfile } from '../../src/cli/caddy.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { DEFAULT_CONFIGURATION } from '../../src/contract/configuration.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import { PLACEHOLDER_PATHS, renderCaddyfile } from '../../src/edge/render.ts';
import { edgeConfiguration, temporaryHome } from '../support/caddy-home.ts';

let home: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => home.remove());

const variants = [
  { host: 'localhost', port: 8443, tls: 'internal' },
  { host: '127.0.0.1', port: 8443, tls: 'internal' },
  { host: 'ops.example.com', port: 443, tls: 'acme' },
  { host: 'ops.example.com', port: 443, tls: 'internal' },
  { host: 'ops.example.com', port: 8080, tls: 'off' },
] as const;

describe('the Caddyfile', () => {
  it.each(variants)('for $tls on $host:$port is valid and in the form of caddy fmt', async (edge) => {
    const text = renderCaddyfile(edgeConfiguration(edge), home.paths);
    const file = join(home.paths.caddyData, 'Caddyfile');
    writeFileSync(file, text);
    await validateCaddyfile(file);
    expect(execFileSync('caddy', ['fmt', file], { encoding: 'utf8' })).toBe(text);
  });

  it('for a home with a space in its path is valid', async () => {
    const paths = pathsOf(join(home.paths.home, 'my "home" here'));
    mkdirSync(paths.caddyData, { recursive: true });
    const file = join(home.paths.caddyData, 'Caddyfile');
    writeFileSync(file, renderCaddyfile(DEFAULT_CONFIGURATION, paths));
    await validateCaddyfile(file);
    const adapted = execFileSync('caddy', ['adapt', '--adapter', 'caddyfile', '--config', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(adapted).toContain(JSON.stringify(`unix/${paths.edgeSocket}`));
  });

  it('in the repository is the rendering of the default configuration', () => {
    const committed = readFileSync('Caddyfile', 'utf8');
    expect(committed).toBe(renderCaddyfile(DEFAULT_CONFIGURATION, PLACEHOLDER_PATHS));
  });

  it('with the placeholder for its home leads to the same places as that home', () => {
    const file = join(home.paths.caddyData, 'Caddyfile');
    const adapt = (text: string) => {
      writeFileSync(file, text);
      return execFileSync('caddy', ['adapt', '--adapter', 'caddyfile', '--config', file], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, SFP_SERVER_HOME: home.paths.home },
      });
    };
    const expected = adapt(renderCaddyfile(DEFAULT_CONFIGURATION, home.paths));
    expect(expected).toContain(home.paths.edgeSocket);
    expect(adapt(renderCaddyfile(DEFAULT_CONFIGURATION, PLACEHOLDER_PATHS))).toBe(expected);
  });

  it('asks for lasting HTTPS only under a name that is the own one', () => {
    const lasting = (edge: (typeof variants)[number]) =>
      renderCaddyfile(edgeConfiguration(edge), home.paths).includes('Strict-Transport-Security');
    expect(variants.map(lasting)).toEqual([false, false, true, true, false]);
  });

  it('names no route that only the control door has', () => {
    const text = renderCaddyfile(DEFAULT_CONFIGURATION, home.paths);
    const known = /@known path (.*)/.exec(text)?.[1]?.split(' ') ?? [];
    for (const route of Object.values(ROUTES)) {
      const path = route.url.replaceAll(/:[^/]+/g, 'x');
      const passes = known.some((one) => matcher(one).test(path));
      const edgeToo = Object.values(ROUTES).some((one) => one.url === route.url && one.door === 'both');
      expect(passes, route.url).toBe(edgeToo);
    }
  });
});

/** As Caddy reads it: a star at the end takes everything below, one in between takes one part. */
function matcher(path: string): RegExp {
  return new RegExp(`^${path.replace(/\*$/, '.*').replaceAll('*/', '[^/]+/')}$`);
}
