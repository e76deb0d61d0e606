import { Value } from 'typebox/value';
import type { Configuration } from '../contract/configuration.ts';
import { describeMismatch } from '../contract/mismatch.ts';
import { DEFAULT_TIME_ZONE, type Schedule } from '../contract/schedule.ts';
import { isTaskKind, taskDefinition } from '../contract/tasks.ts';
import { usedCommandMistakes } from './command-mistakes.ts';
import { isTimeZone, parseCron } from './cron.ts';
import { orgNames, repoOf, tooCareless, undeclared, unknownTask, unknownTimeZone } from './name-mistakes.ts';
import type { Mistake, Path } from './place.ts';

/** What a schema cannot see in a schedule: times that never come, names that nothing answers to, an input of another task. */
export function scheduleMistakes(configuration: Configuration): readonly Mistake[] {
  return Object.entries(configuration.schedules).flatMap(([name, schedule]) => {
    const path = ['schedules', name];
    const input = schedule.input ?? {};
    return [
      ...timeMistakes(schedule, path),
      ...unknownTask(schedule.task, [...path, 'task']),
      ...tooCareless(schedule, path),
      ...undeclared(schedule.org, [...path, 'org'], 'orgs', orgNames(configuration)),
      ...undeclared(
        repoOf(input),
        [...path, 'input', 'source', 'git', 'repo'],
        'repos',
        Object.keys(configuration.repos),
      ),
      ...(schedule.task === 'command'
        ? usedCommandMistakes(schedule, path, configuration)
        : taskMistakes(schedule, path)),
    ];
  });
}

function timeMistakes(schedule: Schedule, path: Path): readonly Mistake[] {
  const timeZone = schedule.timeZone ?? DEFAULT_TIME_ZONE;
  if (!isTimeZone(timeZone)) {
    return [unknownTimeZone(timeZone, [...path, 'timeZone'])];
  }
  try {
    parseCron(schedule.cron, timeZone);
    return [];
  } catch (error) {
    return [{ path: [...path, 'cron'], at: 'value', message: (error as Error).message }];
  }
}

function taskMistakes({ task, org, input = {} }: Schedule, path: Path): readonly Mistake[] {
  if (!isTaskKind(task)) return [];
  const definition = taskDefinition(task);
  const mistakes: Mistake[] = [];
  if (org === undefined && definition.secrets.includes('target')) {
    mistakes.push({ path, at: 'value', message: `the task ${task} works on an org: "org" is missing` });
  }
  if (!Value.Check(definition.input, input)) {
    const mismatch = describeMismatch([...Value.Errors(definition.input, input)], 'input');
    mistakes.push({ path: [...path, 'input'], at: 'value', message: `${task}: ${mismatch.slice(0, -1)}` });
  }
  return mistakes;
}
