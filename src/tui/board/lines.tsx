import { Box, Text } from 'ink';
import type { Operation } from '../../contract/operation.ts';
import { Bar } from '../bar.tsx';
import { lookOf, SPINNER } from '../theme.ts';
import { rateOf } from '../track.ts';
import {
  clockWords,
  countWords,
  durationWords,
  elapsedMs,
  lockWords,
  oneLine,
  pauseWords,
  waitingWords,
} from '../words.ts';
import type { BoardModel, Lane } from './model.ts';

export type LaneRow =
  | { readonly key: string; readonly kind: 'lane'; readonly lane: Lane }
  | { readonly key: string; readonly kind: 'running' | 'waiting'; readonly operation: Operation }
  | { readonly key: string; readonly kind: 'note'; readonly text: string };

/** One row per busy, paused or locked lane and per operation in it; idle lanes share one row. */
export function laneRows(lanes: readonly Lane[]): readonly LaneRow[] {
  const busy = lanes.filter(
    ({ paused, locks, running, waiting }) =>
      paused !== null || locks.length + running.length + waiting.length > 0,
  );
  const idle = lanes.filter((lane) => !busy.includes(lane)).map((lane) => lane.aliases.join('/'));
  return [
    ...busy.flatMap((lane): LaneRow[] => [
      { key: `lane ${lane.aliases[0] ?? ''}`, kind: 'lane', lane },
      ...lane.running.map((operation) => ({ key: operation.id, kind: 'running' as const, operation })),
      ...lane.waiting.map((operation) => ({ key: operation.id, kind: 'waiting' as const, operation })),
    ]),
    ...(idle.length > 0 ? [{ key: 'idle', kind: 'note' as const, text: `idle: ${idle.join(', ')}` }] : []),
  ];
}

/** What every line needs to know of the screen. */
export interface LineContext {
  readonly columns: number;
  readonly now: number;
  readonly frame: number;
  /** So wide are the longest task and the longest alias on the board, that the columns stand below each other. */
  readonly taskColumns: number;
  readonly orgColumns: number;
}

/** Below this many columns a line says the same with fewer words. */
const WIDE = 104;

export function LaneLine({ row, model, context }: { row: LaneRow; model: BoardModel; context: LineContext }) {
  switch (row.kind) {
    case 'note':
      return (
        <Text dimColor wrap="truncate-end">
          {row.text}
        </Text>
      );
    case 'lane':
      return <LaneTitle lane={row.lane} />;
    case 'running':
      return <RunningLine operation={row.operation} model={model} context={context} />;
    case 'waiting':
      return <WaitingLine operation={row.operation} context={context} />;
  }
}

function LaneTitle({ lane }: { lane: Lane }) {
  const name = lane.aliases.length === 0 ? 'without an org' : lane.aliases.join(' / ');
  const held = holdWords(lane);
  return (
    <Box>
      <Box flexShrink={1} minWidth={0}>
        <Text bold wrap="truncate-middle">
          {name}
        </Text>
      </Box>
      <Box flexShrink={0}>
        <Text dimColor>
          {'  '}
          {lane.running.length} running, {lane.waiting.length} waiting
        </Text>
      </Box>
      {held === '' ? null : (
        <Box flexShrink={2} minWidth={0} marginLeft={2}>
          <Text color="yellow" wrap="truncate-end">
            {held}
          </Text>
        </Box>
      )}
    </Box>
  );
}

/** Why nothing of ours may start there: it was paused, or work outside has the org or waits for it. */
function holdWords({ paused, locks }: Lane): string {
  const pause = paused === null ? [] : [pauseWords(paused)];
  return [...pause, ...locks.map((lock) => lockWords(lock))].join('; ');
}

function RunningLine({
  operation,
  model,
  context,
}: {
  operation: Operation;
  model: BoardModel;
  context: LineContext;
}) {
  const { columns, now, frame } = context;
  const { progress } = operation;
  const track = model.tracks[operation.id]?.find((one) => one.progress.unit === progress?.unit);
  const rate = track ? rateOf(track) : null;
  const speed = rate === null ? '' : ` ${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
  return (
    <OperationRow
      symbol={<Text color="cyan">{SPINNER[frame % SPINNER.length]}</Text>}
      operation={operation}
      context={context}
      right={durationWords(elapsedMs(operation, now) ?? 0)}
    >
      {operation.cancelRequestedAt !== null ? <Text color="yellow">being cancelled </Text> : null}
      {progress ? (
        <Text wrap="truncate-end">
          {progress.total ? <Bar progress={progress} width={8} tone="cyan" /> : null}{' '}
          {countWords(columns < WIDE ? { ...progress, unit: '' } : progress)}
          {speed}
        </Text>
      ) : null}
    </OperationRow>
  );
}

function WaitingLine({ operation, context }: { operation: Operation; context: LineContext }) {
  const look = lookOf(operation.state);
  return (
    <OperationRow
      symbol={<Text color={look.tone}>{look.symbol}</Text>}
      operation={operation}
      context={context}
      right=""
    >
      <Text color="yellow" wrap="truncate-end">
        {laneWords(operation, context.now)}
      </Text>
    </OperationRow>
  );
}

/** In its lane it is plain what it waits behind and what is paused, so its place is enough. */
function laneWords({ waitingFor, org }: Operation, now: number): string {
  if (waitingFor === null) return '';
  if (waitingFor.reason === 'paused') return 'waits';
  if (waitingFor.reason === 'org' && waitingFor.place) return `waits, place ${waitingFor.place}`;
  return waitingWords(waitingFor, org, now);
}

export function FinishedLine({ operation, context }: { operation: Operation; context: LineContext }) {
  const look = lookOf(operation.state);
  const wide = context.columns >= WIDE;
  const elapsed = elapsedMs(operation, context.now);
  const took = elapsed === null ? '' : durationWords(elapsed);
  const at = operation.finishedAt === null ? '' : clockWords(operation.finishedAt);
  return (
    <OperationRow
      symbol={<Text color={look.tone}>{look.symbol}</Text>}
      operation={operation}
      context={context}
      right={wide ? `${took.padStart(7)}  ${at}` : took}
    >
      <Text wrap="truncate-end">
        {(operation.org ?? '').padEnd(operation.error ? context.orgColumns : 0)}
        {operation.error ? (
          <Text color={look.tone}> {oneLine(operation.error[wide ? 'message' : 'code'])}</Text>
        ) : null}
      </Text>
    </OperationRow>
  );
}

/** Symbol and id are whole, the task gives way first, what is said of it takes the rest. */
function OperationRow({
  symbol,
  operation,
  context,
  right,
  children,
}: {
  symbol: React.ReactNode;
  operation: Operation;
  context: LineContext;
  right: string;
  children: React.ReactNode;
}) {
  return (
    <Box>
      <Box flexShrink={0} width={4} paddingLeft={2}>
        {symbol}
      </Box>
      <Box flexShrink={0} marginRight={1}>
        <Text>{operation.id}</Text>
      </Box>
      <Box flexShrink={0} width={context.taskColumns} marginRight={1}>
        <Text dimColor wrap="truncate-end">
          {operation.task}
        </Text>
      </Box>
      <Box flexGrow={1} flexShrink={1} flexBasis={0} minWidth={0}>
        {children}
      </Box>
      <Box flexShrink={0} marginLeft={1}>
        <Text dimColor>{right}</Text>
      </Box>
    </Box>
  );
}
