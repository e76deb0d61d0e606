import type { Rule } from '../../contract/hook.ts';

/** A delivery as rules see it. */
export interface Delivered {
  readonly hook: string;
  readonly event: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The plain part of a rule: event, action and branch. */
export function meetsConditions(rule: Rule, delivered: Delivered): boolean {
  const { event, action, branch } = rule.on;
  return (
    includes(event, delivered.event) &&
    includes(action, delivered.payload['action']) &&
    includes(branch, branchOf(delivered.payload))
  );
}

/** The branch that a delivery is about: what a pull request goes into, or what was pushed, created or deleted. */
export function branchOf(payload: Readonly<Record<string, unknown>>): string | null {
  const base = member(member(payload['pull_request'], 'base'), 'ref');
  if (typeof base === 'string') return base;
  const ref = payload['ref'];
  if (typeof ref !== 'string') return null;
  if (ref.startsWith('refs/heads/')) return ref.slice('refs/heads/'.length);
  return ref.startsWith('refs/') || payload['ref_type'] === 'tag' ? null : ref;
}

function includes(wanted: string | readonly string[] | undefined, given: unknown): boolean {
  if (wanted === undefined) return true;
  return (
    typeof given === 'string' && (typeof wanted === 'string' ? wanted === given : wanted.includes(given))
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
