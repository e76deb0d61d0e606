import jsonata from 'jsonata';
import { parseTemplate } from '../../config/template.ts';
import type { Rule } from '../../contract/hook.ts';
import type { Delivered } from './conditions.ts';

/** Why a rule could not be carried out, in one sentence that names the expression. */
export class RuleFailure extends Error {}

/** True only where the result is true: a value that merely looks like it is a mistake of the rule. */
export async function condition(expression: string, delivered: Delivered): Promise<boolean> {
  return (await evaluate(expression, delivered)) === true;
}

/** The operation that a rule asks for, as a request that nobody has checked yet. */
export async function renderRequest(rule: Rule, delivered: Delivered): Promise<Record<string, unknown>> {
  const { task, priority, supersede, timeoutSeconds, maxAttempts, onWorkerLoss } = rule;
  return {
    task,
    ...(rule.org === undefined ? {} : { org: await renderText(rule.org, delivered) }),
    ...(priority === undefined ? {} : { priority }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(onWorkerLoss === undefined ? {} : { onWorkerLoss }),
    input: await renderValue(rule.input, delivered),
    ...(rule.labels === undefined ? {} : { labels: await renderTexts(rule.labels, delivered) }),
    ...(supersede === undefined
      ? {}
      : { supersede: { key: await renderText(supersede.key, delivered), running: supersede.running } }),
  };
}

/** A string that is one expression and nothing else becomes what that gives, with its type; others stay strings. */
async function renderValue(value: unknown, delivered: Delivered): Promise<unknown> {
  if (typeof value === 'string') {
    const [only, ...others] = parseTemplate(value);
    if (only?.kind !== 'expression' || others.length > 0) return await renderText(value, delivered);
    return await required(only.expression, delivered);
  }
  if (Array.isArray(value)) {
    return await Promise.all(value.map(async (item) => await renderValue(item, delivered)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await renderValue(item, delivered)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function renderTexts(
  texts: Readonly<Record<string, string>>,
  delivered: Delivered,
): Promise<Record<string, string>> {
  const entries = Object.entries(texts).map(
    async ([key, text]) => [key, await renderText(text, delivered)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function renderText(template: string, delivered: Delivered): Promise<string> {
  const parts = parseTemplate(template).map(async (part) => {
    if (part.kind === 'text') return part.text;
    const value = await required(part.expression, delivered);
    if (value === null) throw new RuleFailure(`{{ ${part.expression} }} has no value in this delivery.`);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  return (await Promise.all(parts)).join('');
}

async function required(expression: string, delivered: Delivered): Promise<unknown> {
  const value = await evaluate(expression, delivered);
  const json: string | undefined = JSON.stringify(value, withoutFunctions);
  if (json === undefined) throw new RuleFailure(`{{ ${expression} }} has no value in this delivery.`);
  return JSON.parse(json);
}

/** JSONata's functions are no JSON, though some of them are objects. */
function withoutFunctions(_name: string, value: unknown): unknown {
  const marked = typeof value === 'object' && value !== null;
  return marked && ('_jsonata_lambda' in value || '_jsonata_function' in value) ? undefined : value;
}

async function evaluate(expression: string, delivered: Delivered): Promise<unknown> {
  try {
    return await jsonata(expression).evaluate(delivered);
  } catch (error) {
    throw new RuleFailure(`"${expression}" failed: ${(error as Error).message}.`);
  }
}
