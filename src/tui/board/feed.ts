import type { Client } from '../../client/client.ts';
import { FINAL_STATES, OPERATION_STATES } from '../../contract/operation.ts';
import type { BoardAction, BoardRecords } from './model.ts';

const AFTER_EVENT_MS = 300;
/** What no event tells: orgs that were added, readiness, uptime. */
const AT_LEAST_EVERY_MS = 5_000;
const ACTIVE_LIMIT = 200;
const FINISHED_LIMIT = 50;

/** Feeds the board: asks for everything, then follows events, and asks again soon after something began or ended. */
export function startBoardFeed(
  client: Client,
  dispatch: (action: BoardAction) => void,
): { stop(): void; readonly ended: Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let over = false;
  const schedule = (ms: number): void => {
    if (over || Date.now() + ms >= dueAt) return;
    clearTimeout(timer);
    dueAt = Date.now() + ms;
    timer = setTimeout(() => void refresh(), ms);
  };
  const refresh = async (): Promise<void> => {
    dueAt = Number.POSITIVE_INFINITY;
    // a daemon that does not answer shows as a lost connection, which the subscription tells
    const records = await readRecords(client).catch(() => null);
    if (over) return;
    if (records) dispatch({ type: 'records', records });
    schedule(AT_LEAST_EVERY_MS);
  };
  const subscription = client.subscribe('operations', {
    onMessage: (message) => {
      if (message.type === 'subscribed') schedule(0);
      if (message.type !== 'event') return;
      dispatch({ type: 'event', event: message.event });
      if (['created', 'state', 'waiting'].includes(message.event.body.type)) schedule(AFTER_EVENT_MS);
    },
    onConnection: (state) => dispatch({ type: 'connection', state }),
  });
  return {
    ended: subscription.ended,
    stop() {
      over = true;
      clearTimeout(timer);
      subscription.close();
    },
  };
}

async function readRecords(client: Client): Promise<BoardRecords> {
  const state = OPERATION_STATES.filter((one) => !FINAL_STATES.includes(one)).join(',');
  const [status, readiness, orgs, active, finished] = await Promise.all([
    client.call('serverStatus'),
    client.call('readiness'),
    client.call('listOrgs'),
    client.call('listOperations', { query: { state, limit: ACTIVE_LIMIT } }),
    client.call('listOperations', { query: { state: FINAL_STATES.join(','), limit: FINISHED_LIMIT } }),
  ]);
  return {
    status,
    readiness,
    orgs: orgs.items,
    active: active.items,
    finished: finished.items,
  };
}
