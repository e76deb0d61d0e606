import { parseCron, type Timetable } from '../../config/cron.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { OperationRequest } from '../../contract/operation.ts';
import { DEFAULT_TIME_ZONE, type Schedule } from '../../contract/schedule.ts';
import { DEFAULT_TENANT } from '../../contract/values.ts';

/** A schedule of the configuration with every default filled in. */
export interface DeclaredSchedule {
  readonly tenant: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: 'skip' | 'queue';
  readonly catchUp: 'skip' | 'once';
  readonly timetable: Timetable;
  readonly request: OperationRequest;
}

/** The configuration was checked when it was read, so that no expression of it fails here. */
export function declaredSchedules(configuration: Configuration): readonly DeclaredSchedule[] {
  return Object.entries(configuration.schedules).map(([name, schedule]) => declared(name, schedule));
}

function declared(name: string, schedule: Schedule): DeclaredSchedule {
  const { cron, timeZone = DEFAULT_TIME_ZONE, overlap = 'skip', catchUp = 'skip', ...rest } = schedule;
  const { tenant = DEFAULT_TENANT, input = {}, ...request } = rest;
  return {
    tenant,
    name,
    cron,
    timeZone,
    overlap,
    catchUp,
    timetable: parseCron(cron, timeZone),
    request: { ...request, input },
  };
}
