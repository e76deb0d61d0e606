import type { EventBody, OperationEvent } from '../../src/contract/event.ts';
import type { Operation } from '../../src/contract/operation.ts';
import type { BoardRecords } from '../../src/tui/board/model.ts';

export const ID = 'op_01JD9KZ4X2Q8F0W3T7R6M5N1PB';
export const START = Date.parse('2026-01-01T12:00:00.000Z');

/** So many seconds after the start of the sample. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1_000).toISOString();
}

export function operation(changes: Partial<Operation> = {}): Operation {
  return {
    id: ID,
    task: 'salesforce.deploy',
    tenant: 'default',
    org: 'uat',
    state: 'running',
    priority: 'normal',
    input: {},
    result: null,
    error: null,
    progress: null,
    attempt: 1,
    maxAttempts: 3,
    timeoutSeconds: 600,
    waitingFor: null,
    retryOf: null,
    cancelRequestedAt: null,
    onWorkerLoss: null,
    resolution: null,
    pool: null,
    overrideWindow: null,
    labels: {},
    origin: { kind: 'cli', name: null },
    createdAt: at(0),
    scheduledFor: null,
    startedAt: at(0),
    finishedAt: null,
    ...changes,
  };
}

export function eventOf(seq: number, body: EventBody, changes: Partial<OperationEvent> = {}): OperationEvent {
  return {
    seq,
    operation: ID,
    tenant: 'default',
    org: 'uat',
    attempt: 1,
    at: at(seq),
    body,
    ...changes,
  };
}

export function stepOf(step: string, state: 'started' | 'done' | 'failed', title = step): EventBody {
  return { type: 'step', step, title, state };
}

export function progressOf(done: number, total: number | null, unit = 'components'): EventBody {
  return { type: 'progress', progress: { done, total, unit, message: '' } };
}

export function stateOf(
  from: Operation['state'],
  to: Operation['state'],
  more: Partial<Extract<EventBody, { type: 'state' }>> = {},
): EventBody {
  return { type: 'state', from, to, reason: null, error: null, ...more };
}

export function records(changes: Partial<BoardRecords> = {}): BoardRecords {
  return {
    status: {
      version: '1.2.3',
      pid: 42,
      startedAt: at(0),
      home: '/srv/sfp-server',
      vault: 'keychain',
      position: { epoch: 'e', seq: 1 },
      concurrency: 4,
      draining: false,
      isolation: { wanted: 'preferred', parts: [] },
      paused: null,
      tools: [],
      counts: { scheduled: 0, queued: 1, running: 1 },
    },
    readiness: { ready: true, checks: [] },
    orgs: [org('uat', '1'), org('prod', '2')],
    active: [],
    finished: [],
    ...changes,
  };
}

export function org(alias: string, organisation: string): BoardRecords['orgs'][number] {
  return {
    alias,
    kind: 'jwt',
    username: 'user@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: `00D00000000000${organisation}`,
    registeredAt: at(0),
    login: { state: 'ok', refusedAt: null, reason: null, usedAt: null },
    lane: { paused: null, locks: [], running: [], waiting: [] },
  };
}
