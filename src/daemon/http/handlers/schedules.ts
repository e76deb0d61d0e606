import type { ScheduleView } from '../../../contract/schedule.ts';
import type { Handler } from '../parts.ts';

export const listSchedules: Handler<'listSchedules'> = async ({ parts, caller }) => ({
  items: (await parts.schedules(caller.tenant)) as ScheduleView[],
});
