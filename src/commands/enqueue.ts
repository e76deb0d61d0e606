import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { exitOf } from '../cli/exit.ts';
import { readInput, readPairs } from '../cli/input-values.ts';
import { MINUTE_MS, orgFlag, waitFlag } from '../cli/operation-flags.ts';
import { AppError } from '../contract/errors.ts';
import { type Operation, type OperationRequest, PRIORITIES } from '../contract/operation.ts';
import { isTaskKind, LOSS_POLICIES, TASKS, taskDefinition } from '../contract/tasks.ts';
import { endedLines } from '../tui/ended-lines.ts';
import { paint } from '../tui/paint.ts';
import { watchOperation } from '../tui/watch.ts';

/** The kinds of work with their inputs; a question mark: may be left out. */
function tasksInWords(): string {
  return Object.entries(TASKS)
    .map(([kind, { title, input }]) => `${kind}: ${title}.${inputsInWords(input)}`)
    .join('\n');
}

function inputsInWords({
  properties,
  required = [],
}: {
  properties: object;
  required?: string[] | undefined;
}): string {
  const names = Object.keys(properties).map((name) => `${name}${required.includes(name) ? '' : '?'}`);
  return names.length === 0 ? '' : ` Input: ${names.join(', ')}.`;
}

export default class Enqueue extends BaseCommand {
  static override summary = 'Have work done, and watch it.';
  static override description =
    `The operation is kept safely before its id is shown, and it goes on when you stop watching (Ctrl-C).

${tasksInWords()}
A source is one of: git.repo with git.ref, directory, upload.

Exit codes: 0 succeeded, 1 failed, cancelled or timed out, 69 still going on when the wait ended, 75 nobody knows whether it took effect.`;
  static override examples = [
    {
      description: 'Ask an org who we are there',
      command: '<%= config.bin %> enqueue salesforce.identity -o uat',
    },
    {
      description: 'Run a query',
      command:
        '<%= config.bin %> enqueue salesforce.query -o uat --input soql="SELECT Id, Name FROM Account"',
    },
    {
      description: 'Validate a branch of a declared repository, and wait half an hour at most',
      command:
        '<%= config.bin %> enqueue salesforce.deploy -o uat --input source.git.repo=crm --input source.git.ref=main --input checkOnly=true -w 30',
    },
    {
      description: 'Hand over a whole input, and do not wait',
      command: '<%= config.bin %> enqueue salesforce.deploy -o uat --input-file - --async < input.json',
    },
  ];
  static override args = {
    task: Args.string({ description: 'Kind of work, such as salesforce.deploy.', required: true }),
  };
  static override flags = {
    'target-org': orgFlag,
    input: Flags.string({
      char: 'i',
      summary: 'Part of the input; JSON where it can be read as JSON, dots nest. Can be given often.',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'input-file': Flags.string({
      summary: 'JSON file with the input, or - for standard input; --input goes over it.',
      helpValue: 'FILE',
    }),
    priority: Flags.option({ summary: 'Where it stands in its lane.', options: PRIORITIES })(),
    'run-at': Flags.string({
      summary: 'Not before this time, such as 2026-05-01T22:00:00Z.',
      helpValue: 'TIME',
    }),
    'timeout-seconds': Flags.integer({
      summary: 'Time for one attempt.',
      helpValue: 'SECONDS',
      min: 1,
    }),
    'max-attempts': Flags.integer({ summary: 'How often it may be tried.', helpValue: 'COUNT', min: 1 }),
    'on-worker-loss': Flags.option({
      summary: "When its worker is lost; never less careful than the task's own policy.",
      options: LOSS_POLICIES,
    })(),
    'override-window': Flags.string({
      summary: 'Start it outside the windows of its org, and in a freeze; the reason is recorded.',
      helpValue: 'REASON',
    }),
    label: Flags.string({
      summary: 'Mark it, to find it again. Can be given often.',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'idempotency-key': Flags.string({
      summary: 'The same key and request again answer with the first operation.',
      helpValue: 'KEY',
    }),
    wait: waitFlag,
    async: Flags.boolean({ summary: 'Do not wait; print the id.', exclusive: ['wait'] }),
  };

  async run(): Promise<Operation> {
    const { args, flags } = await this.parse(Enqueue);
    const schema = isTaskKind(args.task) ? taskDefinition(args.task).input : null;
    const request: OperationRequest = {
      task: args.task,
      input: await readInput({ assignments: flags.input ?? [], file: flags['input-file'], schema }),
      ...(flags['target-org'] ? { org: flags['target-org'] } : {}),
      ...(flags.priority ? { priority: flags.priority } : {}),
      ...(flags['run-at'] ? { runAt: timeOf(flags['run-at']) } : {}),
      ...(flags['timeout-seconds'] ? { timeoutSeconds: flags['timeout-seconds'] } : {}),
      ...(flags['max-attempts'] ? { maxAttempts: flags['max-attempts'] } : {}),
      ...(flags['on-worker-loss'] ? { onWorkerLoss: flags['on-worker-loss'] } : {}),
      ...(flags['override-window'] === undefined
        ? {}
        : { overrideWindow: reasonOf(flags['override-window']) }),
      ...(flags.label ? { labels: readPairs(flags.label) } : {}),
    };
    const key = flags['idempotency-key'];
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const client = await this.client();
    const operation = await client.call('createOperation', { body: request, headers });
    if (flags.async) {
      this.log(operation.id);
      return operation;
    }
    return this.#watch(operation, flags.wait);
  }

  async #watch(operation: Operation, minutes: number | undefined): Promise<Operation> {
    if (this.watchMode === 'lines') this.log(`Accepted as ${operation.id}`);
    const watched = await watchOperation(await this.client(), operation, {
      mode: this.watchMode,
      waitMs: minutes === undefined ? null : minutes * MINUTE_MS,
      write: (line) => this.log(line),
    });
    this.log(paint(endedLines(watched, this.width)));
    this.setExit(exitOf(watched.operation.state));
    return watched.operation;
  }
}

/** With a time zone or without, in which case it is that of this machine; the server wants UTC. */
function timeOf(text: string): string {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new AppError('invalid-request', `--run-at "${text}" is no time.`, {
    hint: 'Write it like 2026-12-01T03:00:00+01:00.',
  });
}

function reasonOf(text: string): string {
  if (text.trim() !== '') return text;
  throw new AppError('invalid-request', '--override-window needs a reason, and got none.', {
    hint: 'Write it like --override-window "hotfix, agreed with Ann"; it is recorded.',
  });
}
