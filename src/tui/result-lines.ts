import { isFinal, type Operation } from '../contract/operation.ts';
import type { ComponentFailure, DeployResult, TestFailure } from '../contract/tasks.ts';
import { jsonLines } from './json-lines.ts';
import type { Line } from './paint.ts';
import { recordLines } from './record-lines.ts';
import { lookOf } from './theme.ts';
import { durationWords, elapsedMs, oneLine, plural, resolutionWords, workWords, wrapped } from './words.ts';

const FAILURE_LIMIT = 20;
const FIELD_WIDTH = 14;
const FAILURE_INDENT = 6;

/** What came of an operation: the answer first, then what went wrong and where, then what to do next. */
export function resultLines(operation: Operation, width: number = Number.POSITIVE_INFINITY): readonly Line[] {
  const look = lookOf(operation.state);
  const elapsed = elapsedMs(operation, Date.now());
  const after =
    elapsed === null ? '' : ` ${isFinal(operation.state) ? 'after' : 'for'} ${durationWords(elapsed)}`;
  return [
    [
      { text: `${look.symbol} ${look.words}`, tone: look.tone, look: 'bold' },
      { text: `  ${workWords(operation)}${after}` },
    ],
    field('Operation', operation.id),
    ...errorLines(operation, width),
    ...contentLines(operation.result ?? null, width),
    ...(operation.resolution ? [field('Resolution', resolutionWords(operation.resolution))] : []),
    ...nextLines(operation),
  ];
}

export function field(name: string, value: string): Line {
  return [{ text: `  ${name.padEnd(FIELD_WIDTH - 3)} `, look: 'dim' }, { text: value }];
}

function errorLines({ error }: Operation, width: number): readonly Line[] {
  if (error === null) return [];
  const texts = wrapped(`${oneLine(error.message)} (${error.code})`, width - FIELD_WIDTH);
  const hints = error.hint ? wrapped(oneLine(error.hint), width - FIELD_WIDTH) : [];
  return [
    ...texts.map((text, index): Line => {
      const [name] = field(index === 0 ? 'Error' : '', '');
      return [...(name ? [name] : []), { text, tone: 'red' }];
    }),
    ...hints.map((text) => field('', text)),
  ];
}

function contentLines(result: Record<string, unknown> | null, width: number): readonly Line[] {
  if (result === null) return [];
  if (isDeployResult(result)) return deployLines(result, width);
  if (typeof result['totalSize'] === 'number') return queryLines(result, width);
  return jsonLines(result);
}

function isDeployResult(result: Record<string, unknown>): result is DeployResult {
  return typeof result['deploymentId'] === 'string' && Array.isArray(result['componentFailures']);
}

function deployLines(result: DeployResult, width: number): readonly Line[] {
  const { components, tests } = result;
  const failed = (count: number): string => (count > 0 ? `, ${count} failed` : '');
  const kind = result.checkOnly ? ' (validation only: nothing was changed)' : '';
  return [
    field('Deployment', `${result.deploymentId} ${result.status}${kind}`),
    ...(result.commitId ? [field('Commit', result.commitId)] : []),
    field('Components', `${components.deployed} of ${components.total}${failed(components.failed)}`),
    ...(tests.total > 0
      ? [field('Tests', `${tests.completed} of ${tests.total}${failed(tests.failed)}`)]
      : []),
    ...(result.resumed ? [field('Resumed', 'an earlier attempt had sent this deployment')] : []),
    ...listed('Components that failed', result.componentFailures, (one) => componentFailure(one, width)),
    ...listed('Tests that failed', result.testFailures, (one) => testFailure(one, width)),
    ...(result.failuresLeftOut
      ? [
          [
            {
              text: `  ${result.failuresLeftOut} more failures were too many to be kept`,
              look: 'dim',
            } as const,
          ],
        ]
      : []),
  ];
}

function listed<T>(
  title: string,
  failures: readonly T[],
  show: (failure: T) => readonly Line[],
): readonly Line[] {
  if (failures.length === 0) return [];
  const left = failures.length - FAILURE_LIMIT;
  return [
    [],
    [{ text: `  ${title}`, look: 'bold' }],
    ...failures.slice(0, FAILURE_LIMIT).flatMap(show),
    ...(left > 0 ? [[{ text: `  … and ${left} more, with --json`, look: 'dim' } as const]] : []),
  ];
}

function componentFailure(failure: ComponentFailure, width: number): readonly Line[] {
  const where = [failure.file, failure.line, failure.column].filter((part) => part !== null).join(':');
  const what = `${failure.type ?? ''} ${failure.name}`.trim();
  return failureLines(where || what, [failure.problem], width);
}

function testFailure(failure: TestFailure, width: number): readonly Line[] {
  return failureLines(`${failure.name}.${failure.method}`, [failure.message, failure.stack ?? ''], width);
}

/** Where, whole and on a line of its own, so that it can be clicked and copied; below it what is wrong. */
function failureLines(where: string, texts: readonly string[], width: number): readonly Line[] {
  const below = texts.flatMap((text) => wrapped(oneLine(text), width - FAILURE_INDENT));
  return [
    [
      { text: '  ✖ ', tone: 'red' },
      { text: oneLine(where), look: 'bold' },
    ],
    ...below.map((text): Line => [{ text: `${' '.repeat(FAILURE_INDENT)}${text}` }]),
  ];
}

function queryLines(result: Record<string, unknown>, width: number): readonly Line[] {
  const records: readonly unknown[] = Array.isArray(result['records']) ? result['records'] : [];
  const pages = Number(result['pages'] ?? 1);
  const missing = result['truncated'] === true ? ` of ${result['totalSize']}` : '';
  return [
    field('Records', `${records.length}${missing}, in ${plural(pages, 'page')}`),
    ...recordLines(records, width),
  ];
}

/** The next step, where there is one. */
function nextLines(operation: Operation): readonly Line[] {
  const next = operation.resolution === null ? NEXT[operation.state] : undefined;
  return next ? [[], [{ text: `  ${next.replace('ID', operation.id)}`, look: 'dim' }]] : [];
}

const NEXT: Partial<Record<Operation['state'], string>> = {
  failed: 'Again: sfp-server operation retry ID',
  timed_out: 'Again: sfp-server operation retry ID',
  cancelled: 'Again: sfp-server operation retry ID',
  indeterminate: 'Look into the org, then: sfp-server operation resolve ID --as succeeded|failed --note TEXT',
  running: 'Follow it: sfp-server tail ID',
  queued: 'Follow it: sfp-server tail ID',
  scheduled: 'Follow it: sfp-server tail ID',
};
