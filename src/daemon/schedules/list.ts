import type { ScheduleView } from '../../contract/schedule.ts';
import type { OperationParts } from '../operations/accept.ts';
import { type DeclaredSchedule, declaredSchedules } from './declared.ts';

/** A tenant's schedules by name, with what comes next and what came last. */
export async function listSchedules(parts: OperationParts, tenant: string): Promise<readonly ScheduleView[]> {
  const own = declaredSchedules(parts.configuration()).filter((schedule) => schedule.tenant === tenant);
  const views = await Promise.all(own.map(async (schedule) => await viewOf(parts, schedule)));
  return views.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function viewOf({ store, now }: OperationParts, schedule: DeclaredSchedule): Promise<ScheduleView> {
  const { name, tenant, cron, timeZone, overlap, catchUp, request, timetable } = schedule;
  const { run, operation } = await store.lastOfSchedule(tenant, name);
  return {
    name,
    tenant,
    cron,
    timeZone,
    overlap,
    catchUp,
    task: request.task,
    org: request.org ?? null,
    nextRun: timetable.next(now())?.toISOString() ?? null,
    lastRun: run,
    lastOperation: operation,
  };
}
