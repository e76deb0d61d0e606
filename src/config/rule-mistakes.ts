import type { Configuration } from '../contract/configuration.ts';
import type { Rule } from '../contract/hook.ts';
import { isTaskKind, TASKS } from '../contract/tasks.ts';
import { suggestion } from './closest.ts';
import type { Mistake, Path } from './place.ts';
import { checkExpression, parseTemplate } from './template.ts';

/** What a schema cannot see in a rule: names that nothing answers to, and expressions that are no JSONata. */
export function ruleMistakes(configuration: Configuration): readonly Mistake[] {
  return Object.entries(configuration.hooks).flatMap(([name, hook]) => [
    ...sameName(hook.rules, ['hooks', name, 'rules']),
    ...hook.rules.flatMap((rule, index) => mistakesOf(rule, ['hooks', name, 'rules', index], configuration)),
  ]);
}

function mistakesOf(rule: Rule, path: Path, configuration: Configuration): readonly Mistake[] {
  return [
    ...unknownTask(rule, path),
    ...undeclared(rule.org, [...path, 'org'], 'orgs', Object.keys(configuration.orgs)),
    ...undeclared(
      repoOf(rule),
      [...path, 'input', 'source', 'git', 'repo'],
      'repos',
      Object.keys(configuration.repos),
    ),
    ...(rule.if === undefined ? [] : expressionMistakes([...path, 'if'], rule.if, checkExpression)),
    ...templateMistakes([...path, 'org'], rule.org),
    ...templateMistakes([...path, 'input'], rule.input),
    ...templateMistakes([...path, 'labels'], rule.labels),
    ...templateMistakes([...path, 'supersede', 'key'], rule.supersede?.key),
  ];
}

/** An origin names hook and rule, so two rules of one hook need two names. */
function sameName(rules: readonly Rule[], path: Path): readonly Mistake[] {
  return rules.flatMap((rule, index) =>
    rules.findIndex(({ name }) => name === rule.name) === index
      ? []
      : [
          {
            path: [...path, index, 'name'],
            at: 'value',
            message: `two rules are called "${rule.name}"`,
          } as const,
        ],
  );
}

function unknownTask(rule: Rule, path: Path): readonly Mistake[] {
  if (isTaskKind(rule.task)) return [];
  const message = `unknown task "${rule.task}"${suggestion(rule.task, Object.keys(TASKS))}`;
  return [{ path: [...path, 'task'], at: 'value', message }];
}

/** A name that holds an expression is known only when a delivery comes. */
function undeclared(
  name: unknown,
  path: Path,
  section: string,
  names: readonly string[],
): readonly Mistake[] {
  if (typeof name !== 'string' || name.includes('{{') || names.includes(name)) return [];
  const message = `"${name}" is not declared under ${section}:${suggestion(name, names)}`;
  return [{ path, at: 'value', message }];
}

function repoOf(rule: Rule): unknown {
  return (rule.input as { source?: { git?: { repo?: unknown } } }).source?.git?.repo;
}

function templateMistakes(path: Path, value: unknown): readonly Mistake[] {
  if (typeof value === 'string') return expressionMistakes(path, value, parseTemplate);
  if (Array.isArray(value)) return value.flatMap((item, index) => templateMistakes([...path, index], item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => templateMistakes([...path, key], item));
}

function expressionMistakes(path: Path, text: string, parse: (text: string) => unknown): readonly Mistake[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    return [{ path, at: 'value', message: (error as Error).message }];
  }
}
