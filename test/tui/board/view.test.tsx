import { renderToString } from 'ink';
import { cleanup, render } from 'ink-testing-library';
import stringWidth from 'string-width';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BoardModel, EMPTY_BOARD, reduceBoard } from '../../../src/tui/board/model.ts';
import { Screen } from '../../../src/tui/board/screen.tsx';
import { BoardView } from '../../../src/tui/board/view.tsx';
import { createScreenStore } from '../../../src/tui/screen-store.ts';
import { at, eventOf, ID, operation, org, progressOf, records, START } from '../samples.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
  { columns: 60, rows: 14 },
];

function board(changes: Parameters<typeof records>[0]): BoardModel {
  return reduceBoard(EMPTY_BOARD, { type: 'records', records: records(changes) });
}

function frameOf(model: BoardModel, size = { columns: 80, rows: 24 }): string {
  const props = { edge: 'https://localhost:8443', now: START + 65_000, frame: 0 };
  return renderToString(<BoardView model={model} size={size} {...props} />, { columns: size.columns });
}

function idOf(index: number): string {
  return `op_01JD9KZ4X2Q8F0W3T7R6M5${String(index).padStart(4, '0')}`;
}

afterEach(cleanup);

describe('the board', () => {
  test.each(SIZES)('fits $columns x $rows with one row to spare, however much there is', (size) => {
    const many = Array.from({ length: 60 }, (_, index) =>
      operation({ id: idOf(index), org: `org-${index % 9}` }),
    );
    const finished = many.map((one, index) => ({ ...one, id: idOf(100 + index), state: 'failed' as const }));
    const orgs = [org(`long-${'x'.repeat(200)}`, '1')];
    const lines = frameOf(board({ orgs, active: many, finished }), size).split('\n');
    expect(lines.length).toBeLessThan(size.rows);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(size.columns);
    expect(lines.join('\n')).toMatch(/… and \d+ more lines/);
  });

  test('says where everything is and how much there is to do', () => {
    const frame = frameOf(board({}));
    for (const word of [
      '1.2.3',
      'ready',
      '1 running',
      '1 queued',
      'https://localhost:8443',
      '/srv/sfp-server',
      'keychain',
      'up 1m 05s',
    ]) {
      expect(frame).toContain(word);
    }
  });

  test('shows lanes with what runs, how far it is, and what waits', () => {
    const waitingFor = { reason: 'org' as const, operation: ID, place: 1 };
    const waiting = operation({ id: idOf(1), state: 'queued', waitingFor, startedAt: null });
    const model = board({ active: [operation(), waiting] });
    const event = eventOf(1, progressOf(120, 967));
    const frame = frameOf(reduceBoard(model, { type: 'event', event }));
    expect(frame).toContain('uat  1 running, 1 waiting');
    expect(frame).toMatch(/⠋ op_01JD9KZ4X2Q8F0W3T7R6M5N1PB salesforce.deploy ░+ 120\/967/);
    expect(frame).toContain('waits, place 1');
    expect(frame).toContain('idle: prod');
  });

  test('shows the lock that holds a lane, also where nothing of the server waits', () => {
    const lock = {
      id: 'lk_01JD9KZ4X2Q8F0W3T7R6M5N1PB',
      org: 'uat',
      state: 'held',
      place: null,
      fence: 7,
      ttlSeconds: 60,
      note: 'nightly',
      by: 'ann',
      createdAt: at(0),
      expiresAt: at(60),
    } as const;
    const uat = { ...org('uat', '1'), lane: { ...org('uat', '1').lane, locks: [lock] } };
    const frame = frameOf(board({ orgs: [uat, org('prod', '2')], active: [] }));
    expect(frame).toContain('uat  0 running, 0 waiting  a lock of ann, held: nightly');
    expect(frame).toContain('idle: prod');
  });

  test('shows what is paused, by whom and why', () => {
    const pause = { by: 'ann', reason: 'release', at: at(0), operation: null };
    const uat = { ...org('uat', '1'), lane: { ...org('uat', '1').lane, paused: pause } };
    const waitingFor = { reason: 'paused', scope: 'org', by: 'ann', note: 'release' } as const;
    const active = [operation({ state: 'queued', waitingFor, startedAt: null })];
    const lane = frameOf(board({ orgs: [uat, org('prod', '2')], active }));
    expect(lane).toContain('uat  0 running, 1 waiting  paused by ann: release');
    expect(frameOf(board({ orgs: [uat] }))).toContain('paused by ann: release');
    const server = frameOf(board({ status: { ...records().status, paused: { ...pause, reason: null } } }));
    expect(server).toContain('● paused');
    expect(server).toContain('paused by ann; nothing new starts');
  });

  test('shows what has ended, and why it failed', () => {
    const error = { code: 'deploy-failed', message: 'Three failed.', hint: '', retryable: false };
    const failed = operation({ state: 'failed', finishedAt: at(9), error });
    expect(frameOf(board({ finished: [failed] }))).toContain('deploy-failed');
    const wide = frameOf(board({ finished: [failed] }), { columns: 160, rows: 50 });
    expect(wide).toContain('Three failed.');
  });

  test('teaches the next step where there is nothing yet', () => {
    expect(frameOf(board({ orgs: [] }))).toContain('sfp-server org login');
    expect(frameOf(board({}))).toContain('sfp-server enqueue salesforce.identity -o uat');
  });

  test('names what keeps the server from being ready, and that it does not answer', () => {
    const readiness = { ready: false, checks: [{ name: 'vault', ok: false, detail: 'It is locked.' }] };
    expect(frameOf(board({ readiness }))).toContain('vault: It is locked.');
    expect(frameOf({ ...board({}), connection: 'reconnecting' })).toContain('does not answer');
  });
});

describe('the keys of the board', () => {
  async function screen(model: BoardModel) {
    const store = createScreenStore(reduceBoard, model);
    const onLeave = vi.fn();
    const { stdin, lastFrame } = render(<Screen store={store} edge="" onLeave={onLeave} />);
    await vi.waitFor(() => expect(lastFrame()).toContain('sfp-server'));
    return { stdin, lastFrame, onLeave };
  }

  test('q stops an idle server', async () => {
    const { stdin, onLeave } = await screen(board({}));
    stdin.write('q');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledTimes(1));
  });

  test('q asks first while work is running', async () => {
    const { stdin, lastFrame, onLeave } = await screen(board({ active: [operation()] }));
    stdin.write('q');
    await vi.waitFor(() => expect(lastFrame()).toContain('q again stops the server'));
    expect(onLeave).not.toHaveBeenCalled();
    stdin.write('x');
    await vi.waitFor(() => expect(lastFrame()).not.toContain('q again'));
    stdin.write('q');
    await vi.waitFor(() => expect(lastFrame()).toContain('q again stops the server'));
    stdin.write('q');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledTimes(1));
  });

  test('Ctrl-C stops at once', async () => {
    const { stdin, onLeave } = await screen(board({ active: [operation()] }));
    stdin.write('\u0003');
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalledTimes(1));
  });
});
