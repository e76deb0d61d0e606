import { styleText } from 'node:util';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { orgFlag } from '../../cli/operation-flags.ts';
import type { Column } from '../../cli/table.ts';
import { OPERATION_STATES, type Operation } from '../../contract/operation.ts';
import { PAGE_LIMIT } from '../../contract/route.ts';
import { lookOf } from '../../tui/theme.ts';
import { countWords, durationWords, elapsedMs, oneLine, waitingWords } from '../../tui/words.ts';

export default class OperationList extends BaseCommand {
  static override summary = 'List operations, the newest first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state queued --state running -o uat',
    '<%= config.bin %> <%= command.id %> --label pr=42 --json',
  ];
  static override flags = {
    'target-org': orgFlag,
    state: Flags.option({
      char: 's',
      summary: 'Only those in this state. Can be given often.',
      options: OPERATION_STATES,
      multiple: true,
      multipleNonGreedy: true,
    })(),
    task: Flags.string({ char: 't', summary: 'Only this kind of work.', helpValue: 'TASK' }),
    label: Flags.string({ char: 'l', summary: 'Only those with this label.', helpValue: 'NAME=VALUE' }),
    limit: Flags.integer({ char: 'n', summary: 'How many at most.', default: 20, min: 1, max: 5_000 }),
  };

  async run(): Promise<{ items: readonly Operation[]; more: boolean }> {
    const { flags } = await this.parse(OperationList);
    const filter = {
      ...(flags.state ? { state: flags.state.join(',') } : {}),
      ...(flags['target-org'] ? { org: flags['target-org'] } : {}),
      ...(flags.task ? { task: flags.task } : {}),
      ...(flags.label ? { label: flags.label } : {}),
    };
    const found = await this.#pages(filter, flags.limit);
    if (found.items.length === 0) this.log('No operation is like that.');
    else this.printTable(found.items, columns(Date.now()));
    if (found.more) this.logToStderr('There are more: -n shows more of them.');
    return found;
  }

  async #pages(filter: object, limit: number): Promise<{ items: readonly Operation[]; more: boolean }> {
    const client = await this.client();
    const items: Operation[] = [];
    let cursor: string | null = null;
    do {
      const query = { ...filter, limit: Math.min(PAGE_LIMIT, limit - items.length) };
      const page: { items: Operation[]; nextCursor: string | null } = await client.call('listOperations', {
        query: cursor === null ? query : { ...query, cursor },
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && items.length < limit);
    return { items, more: cursor !== null };
  }
}

function columns(now: number): readonly Column<Operation>[] {
  return [
    { title: 'ID', value: (one) => one.id, whole: true },
    {
      title: 'STATE',
      value: (one) => `${lookOf(one.state).symbol} ${lookOf(one.state).words}`,
      style: (text, one) => styleText(lookOf(one.state).tone, text),
      whole: true,
    },
    { title: 'TASK', value: (one) => one.task, optional: 'first', narrowest: 8 },
    { title: 'ORG', value: (one) => one.org ?? one.pool ?? '' },
    { title: 'AGE', value: (one) => ageWords(one, now), align: 'right', whole: true, optional: 'first' },
    { title: 'TOOK', value: (one) => tookWords(one, now), align: 'right', whole: true, optional: 'first' },
    { title: 'NOTE', value: (one) => note(one, now), sentence: true, optional: true },
  ];
}

function ageWords(operation: Operation, now: number): string {
  return durationWords(now - Date.parse(operation.createdAt)).replace(/\.\d+s$/, 's');
}

function tookWords(operation: Operation, now: number): string {
  const elapsed = elapsedMs(operation, now);
  return elapsed === null ? '' : durationWords(elapsed);
}

/** What is most worth knowing: the error, why it waits, or how far it is. */
function note(operation: Operation, now: number): string {
  const { error, waitingFor, progress, org, state } = operation;
  if (state === 'queued' || state === 'scheduled')
    return waitingFor ? waitingWords(waitingFor, org, now) : '';
  if (error !== null) return oneLine(error.message);
  return progress === null ? '' : countWords(progress);
}
