import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/file.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { renderCaddyfile } from '../../src/edge/render.ts';
import { resultOf, runCli } from '../support/run-cli.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-caddy-'));
  writeFileSync(join(home, 'sfp-server.yaml'), 'edge: { host: ops.example.com, port: 443, tls: acme }\n');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const rendered = () => renderCaddyfile(readConfiguration(pathsOf(home)), pathsOf(home));

describe('caddy', () => {
  it('show prints the Caddyfile of this home and writes it only when asked', async () => {
    expect((await runCli(['caddy', 'show'], { home })).stdout).toBe(rendered());
    expect(existsSync(join(home, 'Caddyfile'))).toBe(false);
    const written = await runCli(['caddy', 'show', '--write', '--json'], { home });
    expect(resultOf(written)).toMatchObject({ written: true });
    expect(readFileSync(join(home, 'Caddyfile'), 'utf8')).toBe(rendered());
  });

  it('validate lets the installed Caddy judge, and leaves nothing behind', async () => {
    const { code, stdout } = await runCli(['caddy', 'validate'], { home });
    expect(code).toBe(0);
    expect(stdout).toContain('accepts the Caddyfile for https://ops.example.com:443');
    expect(existsSync(join(home, 'Caddyfile'))).toBe(false);
    const left = readdirSync(pathsOf(home).caddyData).filter((name) => name.startsWith('validate-'));
    expect(left).toEqual([]);
  });

  it('validate says how to get Caddy where it is missing', async () => {
    const { code, stderr } = await runCli(['caddy', 'validate'], { home, environment: { PATH: home } });
    expect(code).toBe(78);
    expect(stderr).toContain('apt-get install caddy');
  });
});
