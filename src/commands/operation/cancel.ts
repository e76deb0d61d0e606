import { BaseCommand } from '../../cli/base-command.ts';
import { exitOf } from '../../cli/exit.ts';
import { MINUTE_MS, operationArg, waitFlag } from '../../cli/operation-flags.ts';
import { EXIT } from '../../contract/errors.ts';
import { isFinal, type Operation } from '../../contract/operation.ts';
import { endedLines } from '../../tui/ended-lines.ts';
import { paint } from '../../tui/paint.ts';
import { watchOperation } from '../../tui/watch.ts';

export default class OperationCancel extends BaseCommand {
  static override summary = 'Cancel an operation, also in the org.';
  static override description =
    `The request is kept safely before this answers. A deployment is cancelled in the org too, which takes a while: -w waits for the end, and the exit code is 0 only if it was really cancelled.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB',
    '<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB -w 5',
  ];
  static override args = { operation: operationArg };
  static override flags = { wait: waitFlag };

  async run(): Promise<Operation> {
    const { args, flags } = await this.parse(OperationCancel);
    const client = await this.client();
    const operation = await client.call('cancelOperation', { params: { id: args.operation } });
    if (isFinal(operation.state)) {
      this.log(`${operation.id} is cancelled.`);
      return operation;
    }
    if (flags.wait === undefined) {
      this.log(`${operation.id} is being cancelled.`);
      this.log(`  Follow it: sfp-server tail ${operation.id}`);
      return operation;
    }
    const watched = await watchOperation(client, operation, {
      mode: this.watchMode,
      waitMs: flags.wait * MINUTE_MS,
      write: (line) => this.log(line),
    });
    this.log(paint(endedLines(watched, this.width)));
    this.setExit(cancelExit(watched.operation));
    return watched.operation;
  }
}

function cancelExit({ state }: Operation): number {
  if (state === 'cancelled') return EXIT.succeeded;
  return exitOf(state) === EXIT.succeeded ? EXIT.failed : exitOf(state);
}
