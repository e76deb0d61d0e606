import type { Configuration } from '../contract/configuration.ts';
import { isAsCareful, isTaskKind, type LossPolicy, TASKS, taskDefinition } from '../contract/tasks.ts';
import { suggestion } from './closest.ts';
import type { Mistake, Path } from './place.ts';

/** Names of the configuration that nothing answers to; what is no name at all, the schema has found. */
export function unknownTask(task: string, path: Path): readonly Mistake[] {
  if (isTaskKind(task)) return [];
  const message = `unknown task "${task}"${suggestion(task, Object.keys(TASKS))}`;
  return [{ path, at: 'value', message }];
}

/** A name that holds an expression is known only when a delivery comes. */
export function undeclared(
  name: unknown,
  path: Path,
  section: string,
  names: readonly string[],
): readonly Mistake[] {
  if (typeof name !== 'string' || name.includes('{{') || names.includes(name)) return [];
  const message = `"${name}" is not declared under ${section}:${suggestion(name, names)}`;
  return [{ path, at: 'value', message }];
}

export function unknownTimeZone(timeZone: string, path: Path): Mistake {
  const message = `unknown time zone "${timeZone}"${suggestion(timeZone, Intl.supportedValuesOf('timeZone'))}`;
  return { path, at: 'value', message };
}

/** What a request may name as its org. */
export function orgNames({ orgs, pools }: Pick<Configuration, 'orgs' | 'pools'>): readonly string[] {
  return [...Object.keys(orgs), ...Object.keys(pools)];
}

/** The repository that an input takes its source code from, where it names one. */
export function repoOf(input: object): unknown {
  return (input as { source?: { git?: { repo?: unknown } } }).source?.git?.repo;
}

/** What would be refused whenever it is asked for is refused when the file is read. */
export function tooCareless(
  { task, onWorkerLoss }: { readonly task: string; readonly onWorkerLoss?: LossPolicy },
  path: Path,
): readonly Mistake[] {
  if (onWorkerLoss === undefined || !isTaskKind(task)) return [];
  const own = taskDefinition(task).onWorkerLoss;
  if (isAsCareful(onWorkerLoss, own)) return [];
  const message = `${onWorkerLoss} could send an effect of ${task} a second time, whose own policy is ${own}`;
  return [{ path: [...path, 'onWorkerLoss'], at: 'value', message }];
}
