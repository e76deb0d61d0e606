import { BaseCommand } from '../../cli/base-command.ts';
import { exitOf } from '../../cli/exit.ts';
import { MINUTE_MS, operationArg, waitFlag } from '../../cli/operation-flags.ts';
import type { Operation } from '../../contract/operation.ts';
import { endedLines } from '../../tui/ended-lines.ts';
import { paint } from '../../tui/paint.ts';
import { watchOperation } from '../../tui/watch.ts';

export default class OperationRetry extends BaseCommand {
  static override summary = 'Do the work of an ended operation again, as a new one.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB',
    '<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB -w 30',
  ];
  static override args = { operation: operationArg };
  static override flags = { wait: waitFlag };

  async run(): Promise<Operation> {
    const { args, flags } = await this.parse(OperationRetry);
    const client = await this.client();
    const operation = await client.call('retryOperation', { params: { id: args.operation } });
    if (flags.wait === undefined) {
      this.log(operation.id);
      this.log(`  Follow it: sfp-server tail ${operation.id}`);
      return operation;
    }
    const watched = await watchOperation(client, operation, {
      mode: this.watchMode,
      waitMs: flags.wait * MINUTE_MS,
      write: (line) => this.log(line),
    });
    this.log(paint(endedLines(watched, this.width)));
    this.setExit(exitOf(watched.operation.state));
    return watched.operation;
  }
}
