import { styleText } from 'node:util';
import { Command, Errors, Flags } from '@oclif/core';
import { type Client, type Connection, createClient } from '../client/client.ts';
import { connectionOf } from '../client/connect.ts';
import { type Environment, readEnvironment } from '../config/environment.ts';
import { AppError, EXIT } from '../contract/errors.ts';
import { hasLiveScreen } from './screen-mode.ts';
import { type Column, formatTable } from './table.ts';
import { usageSentence } from './usage-sentence.ts';

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly hint: string;
  readonly exit: number;
  readonly stack?: string | undefined;
}

/** What all commands share: the connection, `--json` as sf prints it, and failures as one sentence with the next step. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    server: Flags.string({
      summary: 'Work against this server instead of the one on this machine.',
      description: 'Needs an API token in SFP_SERVER_TOKEN. The default is SFP_SERVER_URL, where it is set.',
      helpValue: 'URL',
      helpGroup: 'GLOBAL',
    }),
    tenant: Flags.string({
      summary: 'Tenant to work in; with --server the API token decides.',
      helpValue: 'NAME',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly warnings: string[] = [];
  #client: Client | undefined;
  #environment: Environment | undefined;

  get environment(): Environment {
    this.#environment ??= readEnvironment();
    return this.#environment;
  }

  /** The one client of this command; closed when the command ends. */
  async client(): Promise<Client> {
    if (!this.#client) {
      const { flags } = await this.parse(this.ctor as typeof BaseCommand);
      const connection = connectionOf(this.environment, flags);
      if (sendsTokenInClear(connection)) {
        this.warn('The API token travels unencrypted: use https, or trust the network in between.');
      }
      this.#client = createClient(connection);
    }
    return this.#client;
  }

  /** For what can only be done on the server's own machine. */
  refuseServer(server: string | undefined): void {
    if (server === undefined) return;
    const detail = `sfp-server ${(this.id ?? '').replaceAll(':', ' ')} works on this machine, not on ${server}.`;
    throw new AppError('control-only', detail);
  }

  /** The same for what asks the server itself: SFP_SERVER_URL would lead it to another one. */
  refuseRemote(server: string | undefined): void {
    this.refuseServer(server ?? this.environment.serverUrl ?? undefined);
  }

  /** Columns of the terminal; without one nothing is cut. */
  get width(): number {
    return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  }

  /** How an operation is shown while somebody waits for it. */
  get watchMode(): 'live' | 'lines' | 'silent' {
    if (this.jsonEnabled()) return 'silent';
    return hasLiveScreen(this.environment) ? 'live' : 'lines';
  }

  printTable<T>(rows: readonly T[], columns: readonly Column<T>[]): void {
    this.log(formatTable(rows, columns, { width: this.width, title: (text) => styleText('dim', text) }));
  }

  /** A command that worked may still end with another code: a failed operation is an answer, not an error. */
  setExit(code: number): void {
    process.exitCode = code;
  }

  override warn(input: Error | string): Error | string {
    const message = typeof input === 'string' ? input : input.message;
    this.warnings.push(message);
    if (!this.jsonEnabled()) console.error(`${styleText('yellow', 'Warning:')} ${message}`);
    return input;
  }

  override toSuccessJson(result: unknown): unknown {
    return { status: Number(process.exitCode ?? 0), result, warnings: this.warnings };
  }

  override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error;
    const failure = failureOf(error, `${this.config.bin} ${(this.id ?? '').replaceAll(':', ' ')}`);
    process.exitCode = failure.exit;
    if (this.jsonEnabled()) {
      const { name, message, hint, exit, stack } = failure;
      const bug = exit === EXIT.bug && stack !== undefined ? { stack } : {};
      this.logJson({ status: exit, name, message, hint, warnings: this.warnings, ...bug });
      return;
    }
    console.error(`${styleText('red', 'Error:')} ${failure.message}`);
    if (failure.exit === EXIT.bug && failure.stack) console.error(styleText('dim', failure.stack));
    if (failure.hint) console.error(failure.hint);
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    await this.#client?.close();
    await super.finally(error);
  }
}

function sendsTokenInClear(connection: Connection): boolean {
  if (connection.kind !== 'url' || connection.token === null) return false;
  const { protocol, hostname } = new URL(connection.url);
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

function failureOf(error: Error, command: string): Failure {
  if (error instanceof AppError) {
    return {
      name: error.code,
      message: error.message,
      hint: error.hint,
      exit: error.exit,
      stack: error.stack,
    };
  }
  if (error instanceof Errors.CLIError) {
    const message = usageSentence(error.message);
    return { name: 'usage', message, hint: `See: ${command} --help`, exit: EXIT.usage };
  }
  const hint = 'This is a bug of sfp-server; please report it.';
  return { name: 'internal', message: error.message, hint, exit: EXIT.bug, stack: error.stack };
}
