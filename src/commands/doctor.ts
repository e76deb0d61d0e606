import { randomBytes } from 'node:crypto';
import { BaseCommand } from '../cli/base-command.ts';
import type { Check } from '../cli/doctor/check.ts';
import { missing, ok, warning } from '../cli/doctor/check.ts';
import { checkDisk, checkLeftovers, checkPermissions } from '../cli/doctor/home.ts';
import { isolationChecks, ownIsolation } from '../cli/doctor/isolation.ts';
import { checkLines } from '../cli/doctor/lines.ts';
import { checkCaddy, checkGit, checkModule, checkNode } from '../cli/doctor/programs.ts';
import { checkTools } from '../cli/doctor/tools.ts';
import { keychainBus } from '../config/environment.ts';
import { readConfiguration } from '../config/file.ts';
import { vaultReference } from '../config/vault-reference.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../contract/configuration.ts';
import { AppError, EXIT } from '../contract/errors.ts';
import type { Isolation } from '../contract/isolation.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import { openVault } from '../vault/open.ts';
import { probeKeychain } from '../vault/probe.ts';

export default class Doctor extends BaseCommand {
  static override summary =
    'Say whether this machine has what the server needs, and how to mend what is missing.';
  static override description = 'Exit code 0 when nothing is missing, 1 otherwise; a warning is no failure.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  override async run(): Promise<{ readonly checks: readonly Check[] }> {
    const { flags } = await this.parse(Doctor);
    this.refuseRemote(flags.server);
    const checks = await this.#check();
    this.log(checkLines(checks, this.width));
    if (checks.some(({ state }) => state === 'missing')) this.setExit(EXIT.failed);
    return { checks };
  }

  async #check(): Promise<readonly Check[]> {
    const { paths } = this.environment;
    const [configuration, read] = configurationOf(() => readConfiguration(paths));
    const vault = vaultReference(configuration, paths);
    const [before, isolation] = await Promise.all([
      Promise.all([
        checkModule('SQLite', "new (require('better-sqlite3'))(':memory:').close()"),
        checkModule('Keytar', "require('keytar')"),
        read.state === 'ok' ? checkVault(vault) : UNKNOWN_VAULT,
        checkCaddy(),
        checkGit(),
      ]),
      this.#isolation(configuration),
    ]);
    const home =
      read.state === 'ok'
        ? [
            ...checkTools(paths, configuration.tools),
            await checkDisk(paths.home),
            checkPermissions(paths),
            ...checkLeftovers(paths),
          ]
        : [];
    return [
      checkNode(),
      ...before,
      ...isolationChecks(isolation),
      ...(read.state === 'ok' ? checkBus(vault) : []),
      read,
      ...home,
    ];
  }

  /** A running server knows best: as a service it may have more than this shell, or less. */
  async #isolation({ isolation: wanted }: Configuration): Promise<Isolation> {
    try {
      const { isolation } = await (await this.client()).call('serverStatus');
      if (isolation.parts.length > 0) return isolation;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
    return await ownIsolation(wanted);
  }
}

function configurationOf(read: () => Configuration): readonly [Configuration, Check] {
  try {
    return [read(), ok('Settings', 'sfp-server.yaml is sound')];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [DEFAULT_CONFIGURATION, missing('Settings', error.message, error.hint)];
  }
}

/** Which one it is stands in the settings. */
const UNKNOWN_VAULT = warning('Vault', 'not looked at', 'Mend sfp-server.yaml first.');

/** Writes, reads and removes a secret of its own. */
async function checkVault(vault: VaultReference): Promise<Check> {
  const reason = vault.provider === 'keychain' ? await keychainTrouble() : await roundTripTrouble(vault);
  if (reason === null) return ok('Vault', `${vault.provider}: keeps a secret, and gives it back`);
  return missing('Vault', `${vault.provider}: ${reason}`, mendingOf(vault));
}

function mendingOf(vault: VaultReference): string {
  if (vault.provider === 'file') return `Look at ${vault.directory}: this user must own it.`;
  if (vault.provider === 'command') return `Run ${vault.command.join(' ')} list by hand, as this user.`;
  return 'Unlock the keychain of this user, or choose the file vault: vault: { provider: file }.';
}

async function keychainTrouble(): Promise<string | null> {
  const probe = await probeKeychain();
  return probe.usable ? null : probe.reason;
}

async function roundTripTrouble(reference: VaultReference): Promise<string | null> {
  try {
    const vault = await openVault(reference);
    const [account, secret] = [`probe/${randomBytes(8).toString('hex')}`, randomBytes(16).toString('hex')];
    await vault.set(account, secret);
    const found = await vault.get(account);
    await vault.remove(account);
    return found === secret ? null : 'it did not keep a secret';
  } catch (error) {
    return (error as Error).message;
  }
}

/** A sandbox hides paths; an abstract address is a name of the network that it shares when it has one. */
function checkBus({ provider }: VaultReference): readonly Check[] {
  if (provider !== 'keychain' || !keychainBus().includes('abstract=')) return [];
  return [
    warning(
      'Bus',
      "the keychain's bus has an abstract address: programs with network: true can reach it",
      'Start the bus at a path (dbus-run-session and systemd do), or choose the file vault.',
    ),
  ];
}
