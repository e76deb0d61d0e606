import { Box, Text } from 'ink';
import { isFinal } from '../../contract/operation.ts';
import { Bar } from '../bar.tsx';
import { ConnectionLine, needsConnectionLine } from '../connection-line.tsx';
import { showsColours } from '../paint.ts';
import { lookOf, SPINNER } from '../theme.ts';
import { rateOf, type Track } from '../track.ts';
import {
  clockWords,
  countWords,
  durationWords,
  elapsedMs,
  oneLine,
  waitingWords,
  workWords,
} from '../words.ts';
import type { LogLine, OperationModel, Step } from './model.ts';

export interface OperationViewProps {
  readonly model: OperationModel;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly now: number;
  readonly frame: number;
}

/** Wider than this, an end of a line is no longer seen together with its beginning. */
const WIDEST = 110;

/**
 * One operation, live: never as high as the terminal, which would make it flicker. Once it is over, what was done stays, and
 * the result is printed below it.
 */
export function OperationView({ model, size, now, frame }: OperationViewProps) {
  const { operation } = model;
  const room = rooms(model, size.rows);
  const steps = model.steps.slice(-room.steps);
  const hidden = model.steps.length - steps.length;
  const over = isFinal(operation.state);
  const columns = Math.min(size.columns, WIDEST);
  return (
    <Box flexDirection="column" width={columns}>
      {over ? null : <Header model={model} now={now} frame={frame} />}
      {room.steps > 0 && steps.length > 0 ? (
        <Box flexDirection="column" paddingLeft={2} marginTop={room.gaps}>
          {hidden > 0 ? <Text dimColor>… {hidden} earlier</Text> : null}
          {steps.map((step) => (
            <StepLine key={`${step.attempt} ${step.step}`} step={step} now={now} frame={frame} />
          ))}
        </Box>
      ) : null}
      <Tracks model={model} columns={columns} marginTop={room.gaps} />
      {room.log > 0 && model.log.length > 0 && !over ? (
        <Box flexDirection="column" paddingLeft={2} marginTop={room.gaps}>
          {model.log.slice(-room.log).map((line) => (
            <LogText key={line.seq} line={line} />
          ))}
        </Box>
      ) : null}
      <ConnectionLine state={model.connection} gap={model.gap} />
      {over ? null : (
        <Text dimColor wrap="truncate-end">
          Ctrl-C stops watching; the operation goes on.
        </Text>
      )}
    </Box>
  );
}

const HEADER_ROWS = 3;
const MOST_LOG_ROWS = 10;

/** How many steps and log lines fit: what is fixed comes first, then steps, then the log. */
function rooms(model: OperationModel, rows: number): { steps: number; log: number; gaps: number } {
  const gaps = rows >= 20 ? 1 : 0;
  const connection = needsConnectionLine(model.connection, model.gap) ? 1 : 0;
  const free = rows - 1 - HEADER_ROWS - shownTracks(model).length - connection - 1 - 3 * gaps;
  const steps = Math.max(
    0,
    Math.min(model.steps.length, Math.max(Math.ceil(free / 2), free - MOST_LOG_ROWS)),
  );
  const stepRows = steps < model.steps.length ? steps - 1 : steps;
  return { steps: Math.max(0, stepRows), log: Math.max(0, Math.min(MOST_LOG_ROWS, free - steps)), gaps };
}

function Header({ model, now, frame }: Pick<OperationViewProps, 'model' | 'now' | 'frame'>) {
  const { operation } = model;
  const look = lookOf(operation.state);
  const symbol = operation.state === 'running' ? SPINNER[frame % SPINNER.length] : look.symbol;
  const elapsed = elapsedMs(operation, now);
  const attempts = operation.attempt > 1 ? `, attempt ${operation.attempt} of ${operation.maxAttempts}` : '';
  return (
    <Box flexDirection="column">
      <Box justifyContent="space-between">
        <Box flexShrink={1} minWidth={0}>
          <Text wrap="truncate-middle">
            <Text color={look.tone} bold>
              {symbol} {look.words}
            </Text>
            {'  '}
            {workWords(operation)}
          </Text>
        </Box>
        <Box flexShrink={0} marginLeft={2}>
          <Text bold>{elapsed === null ? '' : durationWords(elapsed)}</Text>
        </Box>
      </Box>
      <Text dimColor wrap="truncate-end">
        {'  '}
        {operation.id}
        {attempts}
      </Text>
      <Situation model={model} now={now} />
    </Box>
  );
}

/** What a person wants to know next: why it waits, or that it is about to be cancelled. */
function Situation({ model, now }: Pick<OperationViewProps, 'model' | 'now'>) {
  const { state, waitingFor, org, cancelRequestedAt } = model.operation;
  if (isFinal(state)) return null;
  if (cancelRequestedAt !== null) return <Text color="yellow">{'  '}being cancelled</Text>;
  if (waitingFor === null || state === 'running') return null;
  return (
    <Text color="yellow" wrap="truncate-end">
      {'  '}
      {waitingWords(waitingFor, org, now)}
    </Text>
  );
}

function StepLine({ step, now, frame }: { step: Step; now: number; frame: number }) {
  const end = step.endedAt ?? now;
  return (
    <Box>
      <Box flexShrink={0} width={2}>
        <StepMark state={step.state} frame={frame} />
      </Box>
      <Box flexGrow={1} flexShrink={1} minWidth={0}>
        <Text wrap="truncate-middle">
          {oneLine(step.title)}
          {step.detail ? <Text dimColor> {oneLine(step.detail)}</Text> : null}
        </Text>
      </Box>
      <Box flexShrink={0} marginLeft={2}>
        <Text dimColor>{durationWords(end - step.startedAt)}</Text>
      </Box>
    </Box>
  );
}

function StepMark({ state, frame }: { state: Step['state']; frame: number }) {
  if (state === 'done') return <Text color="green">✔</Text>;
  if (state === 'failed') return <Text color="red">✖</Text>;
  return <Text color="cyan">{SPINNER[frame % SPINNER.length]}</Text>;
}

/** The last two counted things: components, then tests. */
function shownTracks(model: OperationModel): readonly Track[] {
  return model.tracks.slice(-2);
}

const LONGEST_BAR = 40;

function Tracks({
  model,
  columns,
  marginTop,
}: {
  model: OperationModel;
  columns: number;
  marginTop: number;
}) {
  const tracks = shownTracks(model);
  if (tracks.length === 0) return null;
  const label = Math.max(...tracks.map((track) => track.progress.unit.length));
  const width = Math.max(5, Math.min(LONGEST_BAR, columns - label - 36));
  return (
    <Box flexDirection="column" paddingLeft={2} marginTop={marginTop}>
      {tracks.map((track) => (
        <Text key={track.progress.unit} wrap="truncate-end">
          {track.progress.unit.padEnd(label)} <Bar progress={track.progress} width={width} tone="cyan" />{' '}
          {trackWords(track)}
          <Text dimColor> {oneLine(track.progress.message)}</Text>
        </Text>
      ))}
    </Box>
  );
}

function trackWords(track: Track): string {
  const { done, total } = track.progress;
  const rate = rateOf(track);
  const percent = total ? ` ${Math.floor((100 * done) / total)}%` : '';
  const speed = rate !== null && done !== total ? ` ${rate.toFixed(rate < 10 ? 1 : 0)}/s` : '';
  return `${countWords({ ...track.progress, unit: '' })}${percent}${speed}`;
}

const LOG_TONES = { debug: 'gray', info: undefined, warn: 'yellow', error: 'red' } as const;

function LogText({ line }: { line: LogLine }) {
  const text = showsColours() ? (line.coloured ?? line.text) : line.text;
  const tone = LOG_TONES[line.level];
  return (
    <Text wrap="truncate-end">
      <Text dimColor>{clockWords(line.at)}</Text> <Text {...(tone ? { color: tone } : {})}>{text}</Text>
    </Text>
  );
}
