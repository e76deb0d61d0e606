import type { Rule } from '../../contract/hook.ts';
import { INPUT_LIMIT_BYTES, type OperationRequest } from '../../contract/operation.ts';
import { type Delivered, meetsConditions } from './conditions.ts';
import { condition, RuleFailure, renderRequest } from './render.ts';

/** A verified delivery and the rules of its hook: all that their process is given. */
export interface RuleJob {
  readonly hook: string;
  readonly event: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly format: 'json' | 'form';
  readonly body: Uint8Array;
  readonly rules: readonly Rule[];
}

/** What came of it. The request is checked by whoever accepts it. */
export type RuleResult =
  | { readonly kind: 'no-rule' }
  | { readonly kind: 'matched'; readonly rule: string; readonly request: OperationRequest }
  | { readonly kind: 'rule-failed'; readonly rule: string | null; readonly detail: string }
  | { readonly kind: 'invalid-json'; readonly detail: string };

/** What the process of the rules says: which rule it is at, and what came of a job. */
export type RulesMessage =
  | { readonly type: 'began'; readonly rule: string }
  | { readonly type: 'done'; readonly result: RuleResult };

/** What is rendered around the input (labels, key) is small: nothing larger leaves the process. */
const REQUEST_LIMIT_CHARACTERS = INPUT_LIMIT_BYTES + 64 * 1024;

/** The first rule that matches wins. `began` hears of each rule before its expressions run. */
export async function evaluateRules(job: RuleJob, began: (rule: string) => void): Promise<RuleResult> {
  const payload = parsePayload(job);
  if (payload === null) {
    return { kind: 'invalid-json', detail: 'The payload is no well-formed JSON object.' };
  }
  const delivered: Delivered = { hook: job.hook, event: job.event, headers: job.headers, payload };
  for (const rule of job.rules.filter((one) => meetsConditions(one, delivered))) {
    began(rule.name);
    try {
      if (rule.if !== undefined && !(await condition(rule.if, delivered))) continue;
      return { kind: 'matched', rule: rule.name, request: await requestOf(rule, delivered) };
    } catch (error) {
      return { kind: 'rule-failed', rule: rule.name, detail: detailOf(error) };
    }
  }
  return { kind: 'no-rule' };
}

/** What a payload nests without end exhausts the stack wherever it is walked through. */
function detailOf(error: unknown): string {
  if (error instanceof RuleFailure) return error.message;
  if (error instanceof RangeError) return 'What it renders is nested too deeply.';
  throw error;
}

async function requestOf(rule: Rule, delivered: Delivered): Promise<OperationRequest> {
  const request = await renderRequest(rule, delivered);
  if (JSON.stringify(request).length > REQUEST_LIMIT_CHARACTERS) {
    throw new RuleFailure(`What it renders is larger than ${REQUEST_LIMIT_CHARACTERS} characters.`);
  }
  return request as OperationRequest;
}

/** GitHub sends the JSON as the body, or as the field `payload` of a form. */
function parsePayload(job: RuleJob): Record<string, unknown> | null {
  const text = new TextDecoder().decode(job.body);
  const json = job.format === 'form' ? new URLSearchParams(text).get('payload') : text;
  try {
    const value: unknown = JSON.parse(json ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
