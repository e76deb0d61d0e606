import type { CommandInput } from '../../contract/command.ts';
import { AppError } from '../../contract/errors.ts';
import type { OperationRequest } from '../../contract/operation.ts';
import {
  isAsCareful,
  LOSS_POLICIES,
  type LossPolicy,
  type TaskKind,
  taskDefinition,
} from '../../contract/tasks.ts';
import { resolveCommand } from './command.ts';
import type { OperationParts } from './parts.ts';

/** By what an operation goes: that of its kind, or of the command that it runs. */
export interface Policy {
  readonly lane: 'exclusive' | 'shared';
  readonly org: 'required' | 'optional' | 'none';
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  readonly onWorkerLoss: LossPolicy;
  /** Is kept with the operation: a declaration may change, or go, while it waits. */
  readonly declared: boolean;
}

/** AppError unknown-command, invalid-input, tool-missing. */
export function policyOf(
  parts: Pick<OperationParts, 'configuration' | 'paths'>,
  task: TaskKind,
  input: OperationRequest['input'],
): Policy {
  if (task === 'command') {
    const { org, ...command } = resolveCommand(parts, input as CommandInput);
    return { ...command, org: org ? 'required' : 'none', declared: true };
  }
  const definition = taskDefinition(task);
  const org = definition.secrets.includes('target') ? 'required' : 'optional';
  return { ...definition, org, declared: false };
}

/** A request may be more careful than its policy, never less. */
export function checkLossPolicy(
  { task, onWorkerLoss }: OperationRequest,
  { onWorkerLoss: own }: Policy,
): void {
  if (onWorkerLoss === undefined || isAsCareful(onWorkerLoss, own)) return;
  throw new AppError(
    'invalid-input',
    `onWorkerLoss: ${onWorkerLoss} could send an effect of ${task} a second time, whose own policy is ${own}.`,
    { hint: `Leave onWorkerLoss out, or ask for a more careful one: ${moreCareful(own)}.` },
  );
}

function moreCareful(than: LossPolicy): string {
  return LOSS_POLICIES.filter((policy) => isAsCareful(policy, than)).join(' or ');
}

export function checkOrg({ task, org, input }: OperationRequest, policy: Policy): void {
  if (org === undefined && policy.org === 'required') {
    throw new AppError('org-required', `The task ${task} works on an org and the request names none.`);
  }
  if (org !== undefined && policy.org === 'none') {
    throw new AppError(
      'invalid-input',
      `${String(input['command'])} works in no org, and the request names one.`,
      {
        hint: 'Leave the org out, or declare the command with org: true in sfp-server.yaml.',
      },
    );
  }
}
