import type { Configuration } from '../contract/configuration.ts';
import type { Rule } from '../contract/hook.ts';
import { orgNames, repoOf, tooCareless, undeclared, unknownTask } from './name-mistakes.ts';
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
    ...unknownTask(rule.task, [...path, 'task']),
    ...tooCareless(rule, path),
    ...undeclared(rule.org, [...path, 'org'], 'orgs', orgNames(configuration)),
    ...undeclared(
      repoOf(rule.input),
      [...path, 'input', 'source', 'git', 'repo'],
      'repos',
      Object.keys(configuration.repos),
    ),
    ...(rule.task === 'command'
      ? undeclared(
          rule.input['command'],
          [...path, 'input', 'command'],
          'commands',
          Object.keys(configuration.commands),
        )
      : []),
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
