import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { releaseLock, takeLock } from '../../cli/hold-lock.ts';
import { MINUTE_MS } from '../../cli/operation-flags.ts';
import { aliasArg } from '../../cli/pause-flags.ts';
import { runLocked } from '../../cli/run-locked.ts';
import { AppError } from '../../contract/errors.ts';
import type { Lock } from '../../contract/lock.ts';

export default class OrgLock extends BaseCommand {
  static override enableJsonFlag = false;
  static override summary = 'Run a command while nothing else works on an org.';
  static override description =
    'For CI that deploys by itself. The lock takes its place in line like a deployment; work that comes later waits until the command has ended. The command finds SFP_LOCK_ID and SFP_LOCK_FENCE in its environment: the fence is higher than that of every lock before. The exit code is that of the command, or 69 when the wait was over before its turn came.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> uat -w 30 -- sf project deploy start --target-org uat',
  ];
  static override usage =
    '<%= command.id %> ALIAS [-w MINUTES] [--note TEXT] [--ttl SECONDS] -- COMMAND ARG…';
  static override args = { alias: aliasArg };
  static override flags = {
    wait: Flags.integer({
      char: 'w',
      summary: 'Wait so many minutes at most for the turn; without it, as long as it takes.',
      helpValue: 'MINUTES',
      min: 0,
    }),
    note: Flags.string({ summary: 'What for; shown to everybody whose work waits.', helpValue: 'TEXT' }),
    ttl: Flags.integer({
      summary: 'So long the lock outlives this program, should it be killed.',
      helpValue: 'SECONDS',
      default: 60,
      min: 10,
      max: 3_600,
    }),
  };

  async run(): Promise<void> {
    const words = this.#cutCommand();
    if (words.length === 0) {
      throw new AppError(
        'invalid-request',
        'Name the command that is to run while the org is locked, after --.',
        {
          hint: 'sfp-server org lock ALIAS -- COMMAND ARG…',
        },
      );
    }
    const { args, flags } = await this.parse(OrgLock);
    const client = await this.client();
    const unwanted = new AbortController();
    const leave = (): void =>
      unwanted.abort(
        new AppError('cancelled', 'No longer waiting for the lock.', { hint: 'Nothing was run.' }),
      );
    process.once('SIGINT', leave).once('SIGTERM', leave);
    const held = await takeLock(client, {
      org: args.alias,
      ttlSeconds: flags.ttl,
      note: flags.note,
      waitMs: flags.wait === undefined ? null : flags.wait * MINUTE_MS,
      signal: unwanted.signal,
      waits: (waiting) => this.logToStderr(placeWords(waiting)),
    });
    process.off('SIGINT', leave).off('SIGTERM', leave);
    try {
      this.setExit(await runLocked(client, held, words));
    } finally {
      await releaseLock(client, held.lock);
    }
  }

  /** Ours ends at the first `--`; what follows is passed on untouched, since the parser puts words that occur twice into another order. */
  #cutCommand(): string[] {
    const [own, words] = splitAtDashes(this.argv);
    this.argv = own;
    return words;
  }
}

function splitAtDashes(argv: readonly string[]): [own: string[], words: string[]] {
  const at = argv.indexOf('--');
  return at === -1 ? [[...argv], []] : [argv.slice(0, at), argv.slice(at + 1)];
}

/** On standard error: what the command prints stays its own. */
function placeWords({ org, place }: Lock): string {
  return `Waiting for the lock of ${org}${place === null ? '' : `, place ${place}`} …`;
}
