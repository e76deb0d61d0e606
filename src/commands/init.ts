import { existsSync } from 'node:fs';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { makeHome } from '../cli/make-home.ts';
import { createClient } from '../client/client.ts';
import { connectionOf } from '../client/connect.ts';
import { parseConfiguration, readConfiguration } from '../config/file.ts';
import { initialConfiguration } from '../config/initial.ts';
import { renderCaddyfile } from '../edge/render.ts';
import { probeKeychain } from '../vault/probe.ts';

export default class Init extends BaseCommand {
  static override summary =
    'Make the home of a server: its directories, a commented sfp-server.yaml and a Caddyfile.';
  static override description =
    'The home is SFP_SERVER_HOME, or sfp-server in the data directory of your user. What exists is never touched, so this may run again. Without --vault the keychain is tried with a real round trip, and what was found is written down as vault.provider.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    'SFP_SERVER_HOME=/srv/sfp <%= config.bin %> <%= command.id %> --vault file',
  ];
  static override flags = {
    vault: Flags.option({
      options: ['keychain', 'file'] as const,
      summary: "Where secrets shall be: the system's keychain, or encrypted files in the home.",
    })(),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(Init);
    this.refuseServer(flags.server);
    const { paths } = this.environment;
    const existing = existsSync(paths.configuration) ? readConfiguration(paths) : null;
    const chosen = existing ? null : await this.chooseVault(flags.vault);
    const text = initialConfiguration({ vault: chosen?.provider ?? 'file' });
    const configuration = existing ?? parseConfiguration(text, paths.configuration);
    const caddyfile = renderCaddyfile(configuration, paths);
    const parts = await makeHome(paths, { configuration: text, caddyfile });

    for (const { path, made } of parts) this.log(`${made ? 'made  ' : 'exists'}  ${path}`);
    const { provider } = configuration.vault;
    this.log(`Vault: ${provider}${chosen?.reason ? ` (${chosen.reason})` : ''}`);
    if (existing && flags.vault !== undefined && flags.vault !== provider) {
      this.warn(
        `sfp-server.yaml says ${provider} and stays; change it with: sfp-server vault move --to ${flags.vault}`,
      );
    }
    this.log(
      (await this.#runs()) ? 'The server of this home runs: sfp-server status' : 'Next: sfp-server start',
    );
    return { home: paths.home, vault: provider, parts };
  }

  async #runs(): Promise<boolean> {
    const client = createClient(connectionOf({ ...this.environment, serverUrl: null }));
    try {
      await client.call('health');
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }

  private async chooseVault(
    wanted: 'keychain' | 'file' | undefined,
  ): Promise<{ provider: 'keychain' | 'file'; reason: string | null }> {
    if (wanted === 'file') return { provider: 'file', reason: null };
    const probe = await probeKeychain();
    if (wanted === 'keychain') {
      if (!probe.usable) this.warn(`The keychain does not work here and now: ${probe.reason}`);
      return { provider: 'keychain', reason: null };
    }
    return probe.usable
      ? { provider: 'keychain', reason: 'it kept a secret in a round trip' }
      : { provider: 'file', reason: `no keychain works here: ${probe.reason}` };
  }
}
