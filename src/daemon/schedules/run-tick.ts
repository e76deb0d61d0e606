import { AppError } from '../../contract/errors.ts';
import { cutText } from '../../contract/limits.ts';
import { type OperationParts, prepareOperation } from '../operations/accept.ts';
import { isRefusal } from '../operations/refusal.ts';
import type { NewOperation } from '../store/port.ts';
import type { NewTick, RecordedTick } from '../store/schedule-port.ts';
import type { DeclaredSchedule } from './declared.ts';

/** A restart takes seconds: a tick that is noticed within this time is no missed one. */
export const ON_TIME_MS = 60_000;
const DETAIL_CHARACTERS = 1_000;

/** One tick becomes at most one operation, however often it is tried. An error of the server: nothing is recorded. */
export async function runTick(
  parts: OperationParts,
  schedule: DeclaredSchedule,
  tick: Date,
): Promise<RecordedTick> {
  const { tenant, name, overlap } = schedule;
  const { operation, ...outcome } = await outcomeOf(parts, schedule, tick);
  const record = { tenant, schedule: name, tick: tick.toISOString(), overlap, ...outcome };
  try {
    return await parts.store.recordTick(record, operation);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'queue-full') throw error;
    const refused = { ...record, outcome: 'refused', detail: error.message } as const;
    return await parts.store.recordTick(refused, null);
  }
}

async function outcomeOf(
  parts: OperationParts,
  schedule: DeclaredSchedule,
  tick: Date,
): Promise<Pick<NewTick, 'outcome' | 'detail'> & { operation: NewOperation | null }> {
  const late = parts.now().getTime() - tick.getTime() > ON_TIME_MS;
  if (late && schedule.catchUp === 'skip') return { outcome: 'missed', detail: null, operation: null };
  const { tenant, name, request } = schedule;
  const origin = { kind: 'schedule', name, tick: tick.toISOString() } as const;
  try {
    const operation = await prepareOperation(parts, { tenant, request, origin, retryOf: null });
    return { outcome: 'created', detail: null, operation };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const detail = cutText(`${error.message} ${error.hint}`, DETAIL_CHARACTERS);
    return { outcome: 'refused', detail, operation: null };
  }
}
