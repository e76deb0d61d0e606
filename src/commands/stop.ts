import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { watchDrain } from '../cli/drain.ts';
import { endProcess } from '../cli/end-process.ts';
import { MINUTE_MS } from '../cli/operation-flags.ts';
import { AppError, EXIT } from '../contract/errors.ts';
import { plural } from '../tui/words.ts';

const KILL_LIMIT_MS = 10_000;
const STOP_LIMIT_MINUTES = 2;

interface Stopped {
  readonly stopped: boolean;
  readonly draining: boolean;
  readonly pid: number | null;
}

export default class Stop extends BaseCommand {
  static override summary = 'Stop the server.';
  static override description =
    `What runs is ended as its task says: work that can resume goes on at the next start. What waits is kept.

--drain lets what runs come to its end first: the server takes work in as before, starts nothing, and stops by itself when nothing runs any more. It goes on with that when the wait is over (exit code 69) or when you stop watching (Ctrl-C); --cancel-drain takes it back.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'Let deployments that run come to their end, and wait an hour at most',
      command: '<%= config.bin %> <%= command.id %> --drain -w 60',
    },
  ];
  static override flags = {
    wait: Flags.integer({
      char: 'w',
      summary: `Minutes to wait for its end; ${STOP_LIMIT_MINUTES} without it, and with --drain as long as it takes.`,
      helpValue: 'MINUTES',
      min: 0,
    }),
    drain: Flags.boolean({
      summary: 'Let what runs come to its end first.',
      exclusive: ['force', 'cancel-drain'],
    }),
    'cancel-drain': Flags.boolean({
      summary: 'Take a drain back: the server works on.',
      exclusive: ['force'],
    }),
    force: Flags.boolean({ summary: 'Kill it; the next start settles what was under way.' }),
  };

  async run(): Promise<Stopped> {
    const { flags } = await this.parse(Stop);
    this.refuseRemote(flags.server);
    const pid = await this.#pid();
    if (pid === null) {
      this.log('No server runs.');
      return { stopped: false, draining: false, pid };
    }
    if (flags['cancel-drain']) return this.#cancelDrain(pid);
    if (flags.drain) return this.#drain(pid, flags.wait ?? null);
    return this.#stop(pid, flags.force, flags.wait ?? STOP_LIMIT_MINUTES);
  }

  /** Null: none runs. */
  async #pid(): Promise<number | null> {
    const client = await this.client();
    try {
      return (await client.call('serverStatus')).pid;
    } catch (error) {
      if (error instanceof AppError && error.code === 'daemon-not-running') return null;
      throw error;
    }
  }

  async #stop(pid: number, force: boolean, minutes: number): Promise<Stopped> {
    const ended = force
      ? await endProcess(pid, 'SIGKILL', KILL_LIMIT_MS)
      : await endProcess(pid, 'SIGTERM', minutes * MINUTE_MS);
    if (!ended) {
      throw new AppError('wrong-state', `The server (pid ${pid}) still runs after ${minutes} min.`, {
        hint: 'Wait longer with -w, or kill it: sfp-server stop --force',
      });
    }
    return this.#stopped(pid);
  }

  async #drain(pid: number, minutes: number | null): Promise<Stopped> {
    const client = await this.client();
    await client.call('drainServer');
    const end = await watchDrain(client, pid, {
      waitMs: minutes === null ? null : minutes * MINUTE_MS,
      tell: (running) => this.log(`Draining: ${plural(running, 'operation')} still to end.`),
    });
    if (end === 'stopped') return this.#stopped(pid);
    if (end === 'taken-back') {
      throw new AppError('wrong-state', 'Somebody took the drain back; the server works on.', {
        hint: 'Look at what runs: sfp-server status',
      });
    }
    this.log(`The server (pid ${pid}) goes on draining, and stops by itself.`);
    this.log('  Take it back: sfp-server stop --cancel-drain');
    this.setExit(EXIT.stillRunning);
    return { stopped: false, draining: true, pid };
  }

  async #cancelDrain(pid: number): Promise<Stopped> {
    await (await this.client()).call('cancelDrain');
    this.log(`The server (pid ${pid}) works on.`);
    return { stopped: false, draining: false, pid };
  }

  #stopped(pid: number): Stopped {
    this.log(`Stopped (pid ${pid}).`);
    return { stopped: true, draining: false, pid };
  }
}
