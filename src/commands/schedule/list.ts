import { styleText } from 'node:util';
import { BaseCommand } from '../../cli/base-command.ts';
import type { Column } from '../../cli/table.ts';
import type { ScheduleView } from '../../contract/schedule.ts';
import { lookOf } from '../../tui/theme.ts';
import { momentWords, untilWords } from '../../tui/words.ts';

export default class ScheduleList extends BaseCommand {
  static override summary = 'List the schedules, when each runs next, and what came of it last.';
  static override description =
    'Schedules are declared in sfp-server.yaml. Times are shown in the time zone of this terminal.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<{ schedules: readonly ScheduleView[] }> {
    const { items } = await (await this.client()).call('listSchedules');
    if (items.length === 0)
      this.log('There is no schedule. Declare one under schedules: in sfp-server.yaml.');
    else this.printTable(items, columns(Date.now()));
    for (const { name, lastRun } of items) {
      if (lastRun?.outcome === 'refused') this.warn(`The last run of ${name} was refused: ${lastRun.detail}`);
    }
    return { schedules: items };
  }
}

function columns(now: number): readonly Column<ScheduleView>[] {
  return [
    { title: 'NAME', value: ({ name }) => name, whole: true },
    { title: 'CRON', value: ({ cron, timeZone }) => `${cron} ${timeZone}`, optional: true },
    {
      title: 'WORK',
      value: ({ task, org }) => (org === null ? task : `${task} → ${org}`),
      optional: 'first',
    },
    {
      title: 'NEXT RUN',
      value: ({ nextRun }) => (nextRun === null ? 'never' : untilWords(nextRun, now)),
      whole: true,
    },
    {
      title: 'LAST RUN',
      value: (schedule) => lastRunWords(schedule, now),
      style: (text, { lastOperation }) =>
        lastOperation === null ? text : styleText(lookOf(lastOperation.state).tone, text),
      whole: true,
    },
    {
      title: 'LAST OPERATION',
      value: ({ lastOperation }) => lastOperation?.id ?? '',
      whole: true,
      optional: 'first',
    },
  ];
}

/** When, and what came of it. */
function lastRunWords({ lastRun, lastOperation }: ScheduleView, now: number): string {
  if (lastRun === null) return 'none yet';
  const when = momentWords(lastRun.tick, now);
  if (lastRun.outcome !== 'created') return `${when} ${lastRun.outcome}`;
  return lastOperation === null ? when : `${when} ${lookOf(lastOperation.state).words}`;
}
