import { BaseCommand } from '../cli/base-command.ts';
import { exitOf } from '../cli/exit.ts';
import { optionalOperationArg, orgFlag } from '../cli/operation-flags.ts';
import type { OperationEvent } from '../contract/event.ts';
import { endedLines } from '../tui/ended-lines.ts';
import { paint } from '../tui/paint.ts';
import { jsonLine, lineViewer, watchOperation } from '../tui/watch.ts';

export default class Tail extends BaseCommand {
  static override summary = 'Follow one operation, or everything that happens.';
  static override description =
    `With an operation: its history, then what happens until it ends; the exit code tells how it ended. Without one: every event from now on.

It comes back by itself when the connection breaks or the server restarts, and misses nothing. With --json each line is one event.`;
  static override examples = [
    { description: 'Follow everything', command: '<%= config.bin %> tail' },
    {
      description: 'Follow one operation to its end',
      command: '<%= config.bin %> tail op_01JD9KZ4X2Q8F0W3T7R6M5N1PB',
    },
    { description: 'Feed a program', command: '<%= config.bin %> tail --json | jq .body' },
  ];
  static override args = { operation: optionalOperationArg };
  static override flags = { 'target-org': orgFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Tail);
    await (args.operation === undefined ? this.#all(flags['target-org']) : this.#one(args.operation));
  }

  async #one(id: string): Promise<void> {
    const client = await this.client();
    const operation = await client.call('getOperation', { params: { id } });
    const watched = await watchOperation(client, operation, {
      mode: this.jsonEnabled() ? 'ndjson' : this.watchMode,
      waitMs: null,
      write: (line) => process.stdout.write(`${line}\n`),
    });
    this.log(paint(endedLines(watched, this.width)));
    this.setExit(exitOf(watched.operation.state));
  }

  async #all(org: string | undefined): Promise<void> {
    const client = await this.client();
    await client.call('listOperations', { query: { limit: 1 } });
    const write = (line: string): boolean => process.stdout.write(`${line}\n`);
    const viewer = this.jsonEnabled()
      ? { event: (event: OperationEvent) => write(jsonLine(event)) }
      : lineViewer(write, { withOperation: true });
    if (process.stdout.isTTY) this.logToStderr('Following everything; Ctrl-C ends it.');
    const subscription = client.subscribe(org === undefined ? 'operations' : `org:${org}`, {
      onMessage: (message) => {
        if (message.type === 'event') viewer.event?.(message.event);
        if (message.type === 'subscribed' && !message.recovered) this.warn('Some events are no longer kept.');
      },
      onConnection: (state) => {
        if ('connection' in viewer) viewer.connection?.(state);
      },
    });
    const stop = (): void => subscription.close();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    process.stdout.once('error', stop); // whoever read it has gone
    await subscription.ended;
  }
}
