import type { ConnectionState } from '../../client/subscribe.ts';
import type { OperationEvent } from '../../contract/event.ts';
import { isFinal, type Operation } from '../../contract/operation.ts';
import type { Org } from '../../contract/org.ts';
import type { Readiness, ServerStatus } from '../../contract/server.ts';
import { moved } from '../moved.ts';
import { type Track, withProgress } from '../track.ts';

/** What the server answers when it is asked for everything that the board shows. */
export interface BoardRecords {
  readonly status: ServerStatus;
  readonly readiness: Readiness;
  readonly orgs: readonly Org[];
  readonly active: readonly Operation[];
  readonly finished: readonly Operation[];
}

export interface BoardModel {
  readonly records: BoardRecords | null;
  /** By operation. */
  readonly tracks: Readonly<Record<string, readonly Track[]>>;
  readonly connection: ConnectionState;
  readonly stopping: boolean;
  /** q was pressed while work is running. */
  readonly asking: boolean;
}

export type BoardAction =
  | { readonly type: 'records'; readonly records: BoardRecords }
  | { readonly type: 'event'; readonly event: OperationEvent }
  | { readonly type: 'connection'; readonly state: ConnectionState }
  | { readonly type: 'asking'; readonly asking: boolean }
  | { readonly type: 'stopping' };

/** Work that shares an organisation; `aliases` empty: work that needs no org. */
export interface Lane {
  readonly aliases: readonly string[];
  readonly running: readonly Operation[];
  readonly waiting: readonly Operation[];
  readonly paused: Org['lane']['paused'];
  /** Of work outside of this server; the first may hold the lane. */
  readonly locks: Org['lane']['locks'];
}

const FINISHED_LIMIT = 50;

export const EMPTY_BOARD: BoardModel = {
  records: null,
  tracks: {},
  connection: 'connecting',
  stopping: false,
  asking: false,
};

/** A question about running work is over when none runs any more. */
export function reduceBoard(model: BoardModel, action: BoardAction): BoardModel {
  const next = reduce(model, action);
  return next.asking && !isBusy(next) ? { ...next, asking: false } : next;
}

export function isBusy({ records }: BoardModel): boolean {
  return records?.active.some((one) => one.state === 'running') ?? false;
}

function reduce(model: BoardModel, action: BoardAction): BoardModel {
  switch (action.type) {
    case 'connection':
      return { ...model, connection: action.state };
    case 'asking':
      return { ...model, asking: action.asking };
    case 'stopping':
      return { ...model, stopping: true };
    case 'records':
      return {
        ...model,
        records: newestFirst(action.records),
        tracks: tracksOf(model, action.records.active),
      };
    case 'event':
      return reduceEvent(model, action.event);
  }
}

/** Lanes where work runs first, then those where it waits, then paused and locked ones, each with what runs and then what waits, in the order of its turn. */
export function lanesOf({ orgs, active }: BoardRecords): readonly Lane[] {
  const organisations = Map.groupBy(orgs, (org) => org.organisationId);
  const known = new Map(orgs.map((org) => [org.alias, org.organisationId]));
  const work = Map.groupBy(active, (one) =>
    one.org === null ? (one.pool ?? '') : (known.get(one.org) ?? one.org),
  );
  const lanes = [...new Set([...organisations.keys(), ...work.keys()])].map((key): Lane => {
    const own = work.get(key) ?? [];
    const aliases = organisations.get(key)?.map((org) => org.alias) ?? (key === '' ? [] : [key]);
    const waiting = own.filter((one) => one.state !== 'running').toSorted(byTurn);
    const { paused = null, locks = [] } = organisations.get(key)?.[0]?.lane ?? {};
    return { aliases, paused, locks, running: own.filter((one) => one.state === 'running'), waiting };
  });
  const busy = (lane: Lane): number =>
    4 * Math.min(1, lane.running.length) +
    2 * Math.min(1, lane.waiting.length) +
    Number(lane.paused !== null || lane.locks.length > 0);
  return lanes.toSorted(
    (one, other) => busy(other) - busy(one) || (one.aliases[0] ?? '').localeCompare(other.aliases[0] ?? ''),
  );
}

function byTurn(one: Operation, other: Operation): number {
  const place = (operation: Operation): number => operation.waitingFor?.place ?? Number.MAX_SAFE_INTEGER;
  return place(one) - place(other) || one.createdAt.localeCompare(other.createdAt);
}

function reduceEvent(model: BoardModel, event: OperationEvent): BoardModel {
  const { records } = model;
  const before = records?.active.find((one) => one.id === event.operation);
  if (!records || !before) return model;
  const operation = moved(before, event);
  const tracks =
    event.body.type === 'progress'
      ? {
          ...model.tracks,
          [operation.id]: withProgress(
            model.tracks[operation.id] ?? [],
            event.body.progress,
            Date.parse(event.at),
          ),
        }
      : model.tracks;
  return { ...model, tracks, records: withOperation(records, operation) };
}

/** As they ended, not as they were made. */
function newestFirst(records: BoardRecords): BoardRecords {
  const finished = records.finished.toSorted((one, other) =>
    (other.finishedAt ?? '').localeCompare(one.finishedAt ?? ''),
  );
  return { ...records, finished };
}

function withOperation(records: BoardRecords, operation: Operation): BoardRecords {
  if (!isFinal(operation.state)) {
    const active = records.active.map((one) => (one.id === operation.id ? operation : one));
    return { ...records, active };
  }
  const active = records.active.filter((one) => one.id !== operation.id);
  const finished = [operation, ...records.finished.filter((one) => one.id !== operation.id)];
  return { ...records, active, finished: finished.slice(0, FINISHED_LIMIT) };
}

function tracksOf(model: BoardModel, active: readonly Operation[]): BoardModel['tracks'] {
  const kept = active.flatMap(({ id }) => (model.tracks[id] ? [[id, model.tracks[id]] as const] : []));
  return Object.fromEntries(kept);
}
