import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { operationArg } from '../../cli/operation-flags.ts';
import { type Operation, RESOLUTIONS, type ResolutionRequest } from '../../contract/operation.ts';

export default class OperationResolve extends BaseCommand {
  static override summary = 'Say what became of an operation that ended indeterminate.';
  static override description =
    'Look into the org first (Setup, Deployment Status). The state of the operation stays indeterminate, what you found out is recorded beside it, once, and its lane, where it was paused for this, goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> op_01JD9KZ4X2Q8F0W3T7R6M5N1PB --as succeeded --note "0Af… is in the org"',
  ];
  static override args = { operation: operationArg };
  static override flags = {
    as: Flags.option({ options: RESOLUTIONS, summary: 'What became of it.', required: true })(),
    note: Flags.string({ summary: 'How you know.', helpValue: 'TEXT', required: true }),
  };

  async run(): Promise<Operation> {
    const { args, flags } = await this.parse(OperationResolve);
    const client = await this.client();
    const body: ResolutionRequest = { as: flags.as, note: flags.note };
    const operation = await client.call('resolveOperation', { params: { id: args.operation }, body });
    this.log(`${operation.id} is resolved as ${flags.as}.`);
    return operation;
  }
}
