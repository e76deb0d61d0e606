import { Box, Text } from 'ink';
import { ConnectionLine } from '../connection-line.tsx';
import { durationWords, pauseWords } from '../words.ts';
import { FinishedLine, LaneLine, type LaneRow, type LineContext, laneRows } from './lines.tsx';
import { type BoardModel, type BoardRecords, lanesOf } from './model.ts';

export interface BoardViewProps {
  readonly model: BoardModel;
  /** Where the outside world comes in, or why it cannot. */
  readonly edge: string;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly now: number;
  readonly frame: number;
}

/** The whole server on one screen. */
export function BoardView({ model, edge, size, now, frame }: BoardViewProps) {
  const { records } = model;
  const columns = Math.min(size.columns, WIDEST);
  const context = { columns: columns - 2, now, frame, ...nameColumns(records) };
  return (
    <Box flexDirection="column" width={columns} height={size.rows - 1} overflow="hidden" paddingX={1}>
      {records === null ? (
        <Text>sfp-server is starting …</Text>
      ) : (
        <>
          <Header records={records} edge={edge} now={now} reachable={model.connection !== 'reconnecting'} />
          <Body model={model} records={records} rows={size.rows} context={context} />
        </>
      )}
      <Box flexGrow={1} />
      <ConnectionLine
        state={model.stopping || records === null ? 'connected' : model.connection}
        gap={false}
      />
      <Text dimColor wrap="truncate-end">
        {footer(model)}
      </Text>
    </Box>
  );
}

function nameColumns(records: BoardRecords | null): Pick<LineContext, 'taskColumns' | 'orgColumns'> {
  const shown = records === null ? [] : [...records.active, ...records.finished];
  const longest = (names: readonly string[]): number => Math.max(0, ...names.map((name) => name.length));
  return {
    taskColumns: Math.min(WIDEST_NAME, longest(shown.map((one) => one.task))),
    orgColumns: Math.min(WIDEST_NAME, longest(shown.map((one) => one.org ?? ''))),
  };
}

function footer({ stopping, asking }: BoardModel): string {
  if (stopping) return 'Stopping; running work is ended as its task says …';
  if (asking) return 'Work is running. q again stops the server; any other key lets it go on.';
  return 'q stops the server   follow one: sfp-server tail ID';
}

/** Header, gaps, the two titles, connection and footer. */
const FIXED_ROWS = 10;
/** Wider than this, an end of a line is no longer seen together with its beginning. */
const WIDEST = 140;
/** A longer name does not widen its column. */
const WIDEST_NAME = 20;

function Health({ reachable, ready, paused }: { reachable: boolean; ready: boolean; paused: boolean }) {
  if (!reachable) return <Text color="yellow">● does not answer</Text>;
  if (ready && paused) return <Text color="yellow">● paused</Text>;
  return ready ? <Text color="green">● ready</Text> : <Text color="red">● not ready</Text>;
}

function Header({
  records,
  edge,
  now,
  reachable,
}: {
  records: BoardRecords;
  edge: string;
  now: number;
  reachable: boolean;
}) {
  const { status, readiness } = records;
  const missing = readiness.checks.filter((check) => !check.ok);
  const { running, queued, scheduled } = status.counts;
  return (
    <Box flexDirection="column">
      <Box justifyContent="space-between">
        <Text wrap="truncate-end">
          <Text bold>sfp-server</Text> {status.version}
          {'  '}
          <Health reachable={reachable} ready={readiness.ready} paused={status.paused !== null} />
          {'  '}
          <Text color={running > 0 ? 'cyan' : 'white'}>{running} running</Text>, {queued} queued, {scheduled}{' '}
          scheduled
        </Text>
        <Box flexShrink={0} marginLeft={2}>
          <Text dimColor>up {durationWords(now - Date.parse(status.startedAt))}</Text>
        </Box>
      </Box>
      <Text wrap="truncate-middle">
        <Text dimColor>edge </Text>
        {edge}
      </Text>
      <Text wrap="truncate-middle">
        <Text dimColor>home </Text>
        {status.home}
        <Text dimColor>{'  '}vault </Text>
        {status.vault}
      </Text>
      {status.paused !== null && missing.length === 0 ? (
        <Text color="yellow" wrap="truncate-end">
          {pauseWords(status.paused)}; nothing new starts
        </Text>
      ) : null}
      {missing.slice(0, 1).map((check) => (
        <Text key={check.name} color="red" wrap="truncate-end">
          {check.name}: {check.detail}
        </Text>
      ))}
    </Box>
  );
}

function Body({
  model,
  records,
  rows: screenRows,
  context,
}: {
  model: BoardModel;
  records: BoardRecords;
  rows: number;
  context: LineContext;
}) {
  if (records.orgs.length === 0 && records.active.length === 0 && records.finished.length === 0) {
    return <NoOrg />;
  }
  const free = Math.max(2, screenRows - 1 - FIXED_ROWS);
  const rows = laneRows(lanesOf(records));
  const reserved = Math.min(records.finished.length, Math.max(Math.floor(free / 3), free - rows.length));
  const lanes = fitted(rows, Math.max(1, free - reserved));
  return (
    <>
      <Title text="Lanes" />
      {lanes.map((row) => (
        <LaneLine key={row.key} row={row} model={model} context={context} />
      ))}
      <Title text="Last finished" />
      {records.finished.length === 0 ? <NothingYet alias={records.orgs[0]?.alias} /> : null}
      {records.finished.slice(0, Math.max(0, free - lanes.length)).map((operation) => (
        <FinishedLine key={operation.id} operation={operation} context={context} />
      ))}
    </>
  );
}

/** As many rows as fit; the last one says how many did not. */
function fitted(rows: readonly LaneRow[], room: number): readonly LaneRow[] {
  if (rows.length <= room) return rows;
  const hidden = rows.length - room + 1;
  return [...rows.slice(0, room - 1), { key: 'more', kind: 'note', text: `… and ${hidden} more lines` }];
}

function Title({ text }: { text: string }) {
  return (
    <Box marginTop={1}>
      <Text bold underline>
        {text}
      </Text>
    </Box>
  );
}

function NoOrg() {
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text>No org is known yet. Log in to one:</Text>
      <Text color="cyan"> sfp-server org login sfdx-url -a uat</Text>
      <Text>then have something done there:</Text>
      <Text color="cyan"> sfp-server enqueue salesforce.identity -o uat</Text>
    </Box>
  );
}

function NothingYet({ alias }: { alias: string | undefined }) {
  return (
    <Text dimColor wrap="truncate-end">
      Nothing yet. Try: sfp-server enqueue salesforce.identity -o {alias ?? 'ALIAS'}
    </Text>
  );
}
