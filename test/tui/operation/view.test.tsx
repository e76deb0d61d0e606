import { renderToString } from 'ink';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../../src/contract/event.ts';
import type { Operation } from '../../../src/contract/operation.ts';
import {
  type OperationModel,
  reduceOperation,
  startOperationModel,
} from '../../../src/tui/operation/model.ts';
import { OperationView } from '../../../src/tui/operation/view.tsx';
import { at, eventOf, ID, operation, progressOf, START, stepOf } from '../samples.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
  { columns: 40, rows: 12 },
];

const BUSY: readonly EventBody[] = [
  ...Array.from({ length: 15 }, (_, index) =>
    stepOf(`step ${index}`, 'done', `Step ${index} ${'x'.repeat(200)}`),
  ),
  stepOf('deploy', 'started', 'Deploy'),
  progressOf(0, 967),
  progressOf(120, 967),
  progressOf(1, 42, 'tests'),
  ...Array.from({ length: 60 }, (_, index): EventBody => {
    return { type: 'log', level: 'warn', message: `line ${index} ${'wide 漢字 '.repeat(40)}` };
  }),
];

function modelOf(bodies: readonly EventBody[], record: Operation = operation()): OperationModel {
  const live = reduceOperation(startOperationModel(record), { type: 'operation', operation: record });
  return bodies.reduce(
    (model, body, index) => reduceOperation(model, { type: 'event', event: eventOf(index + 1, body) }),
    live,
  );
}

function frameOf(model: OperationModel, size = { columns: 80, rows: 24 }, seconds = 42): string {
  const view = <OperationView model={model} size={size} now={START + seconds * 1_000} frame={0} />;
  return renderToString(view, { columns: size.columns });
}

describe('the view of one operation', () => {
  test.each(SIZES)('fits $columns x $rows with one row to spare, however much there is', (size) => {
    const model = { ...modelOf(BUSY), connection: 'reconnecting' as const };
    const lines = frameOf(model, size).split('\n');
    expect(lines.length).toBeLessThan(size.rows);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(size.columns);
  });

  test('says what runs where, for how long, and its whole id', () => {
    const frame = frameOf(modelOf([]));
    expect(frame).toContain('running  salesforce.deploy → uat');
    expect(frame).toContain('42s');
    expect(frame).toContain(ID);
  });

  test('shows steps with their marks and durations', () => {
    const model = modelOf([stepOf('login', 'started'), stepOf('login', 'done'), stepOf('deploy', 'failed')]);
    const lines = frameOf(model).split('\n');
    expect(lines.find((line) => line.includes('login'))).toMatch(/✔ login +1\.0s$/);
    expect(lines.find((line) => line.includes('deploy ') && line.includes('✖'))).toMatch(/0\.0s$/);
  });

  test('shows counts, share and rate of components, then tests', () => {
    const frame = frameOf(modelOf([progressOf(0, 200), progressOf(50, 200), progressOf(1, 4, 'tests')]));
    expect(frame).toMatch(/components █+░+ 50\/200 25% 50\/s/);
    expect(frame).toMatch(/tests +█+░+ 1\/4 25%/);
  });

  test('says why it waits', () => {
    const waitingFor = { reason: 'org' as const, operation: ID, place: 2 };
    const frame = frameOf(modelOf([], operation({ state: 'queued', startedAt: null, waitingFor })));
    expect(frame).toContain(`waits behind ${ID} in lane uat, place 2`);
  });

  test('says that it is being cancelled, and which attempt it is', () => {
    const frame = frameOf(modelOf([], operation({ cancelRequestedAt: at(1), attempt: 2 })));
    expect(frame).toContain('being cancelled');
    expect(frame).toContain('attempt 2 of 3');
  });

  test('says that the connection is lost', () => {
    expect(frameOf({ ...modelOf([]), connection: 'reconnecting' })).toContain('The connection is lost');
  });

  test('cuts long names in the middle, so that both ends can be read', () => {
    const long = operation({ org: `start-${'x'.repeat(90)}-end` });
    expect(frameOf(modelOf([], long)).split('\n')[0]).toMatch(/start-.*….*-end/);
  });

  test('leaves steps and counts when all is over; the result stands below it', () => {
    const ended = operation({ state: 'succeeded', finishedAt: at(9) });
    const frame = frameOf(modelOf([stepOf('login', 'done'), progressOf(4, 4)], ended));
    expect(frame).toContain('✔ login');
    expect(frame).toContain('4/4 100%');
    expect(frame).not.toContain('Ctrl-C');
  });
});
