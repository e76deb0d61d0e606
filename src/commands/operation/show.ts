import { BaseCommand } from '../../cli/base-command.ts';
import { operationArg } from '../../cli/operation-flags.ts';
import type { Operation } from '../../contract/operation.ts';
import { operationLines } from '../../tui/operation-lines.ts';
import { paint } from '../../tui/paint.ts';

export default class OperationShow extends BaseCommand {
  static override summary = 'Show all that is known of an operation.';
  static override description = 'With --json also every failure, with its stack.';
  static override examples = ['<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB'];
  static override args = { operation: operationArg };

  async run(): Promise<Operation> {
    const { args } = await this.parse(OperationShow);
    const client = await this.client();
    const operation = await client.call('getOperation', { params: { id: args.operation } });
    this.log(paint(operationLines(operation, Date.now(), this.width)));
    return operation;
  }
}
