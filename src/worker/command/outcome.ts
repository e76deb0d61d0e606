import type { Command, CommandResult } from '../../contract/command.ts';
import { ERRORS, type ErrorCode } from '../../contract/errors.ts';
import type { OperationError } from '../../contract/operation.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import type { LimitMet, SandboxEnd } from '../sandbox/sandbox.ts';

const LIMITS: Record<LimitMet, string> = {
  output: 'it printed more than a command may',
  time: 'its time was over',
  disk: 'it wrote more than a command may',
};

/** Its exit code is none of those that mean success. */
export function failedOutcome(
  command: Command,
  { exitCode, signal }: Pick<SandboxEnd, 'exitCode' | 'signal'>,
  result: CommandResult,
): Outcome {
  const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
  const last = result.outputTail.at(-1);
  const message = `${command.name} ${how}${last === undefined ? '.' : `: ${last}`}`;
  return failed('command-failed', message, command, result);
}

export function limitOutcome(command: Command, limit: LimitMet, result: CommandResult): Outcome {
  return failed('too-large', `${command.name} was ended: ${LIMITS[limit]}.`, command, result);
}

export function limitSentence(limit: LimitMet): string {
  return `it was ended, because ${LIMITS[limit]}`;
}

/** Nobody can say how far it came. */
export function unknownOutcome(command: Command, how: string): Outcome {
  const message = `Whether ${command.name} changed something is not known: ${how}.`;
  return { state: 'indeterminate', error: errorOf('command-unknown', message, false) };
}

/** What may be done twice may be tried again, as often as its declaration says. */
function failed(code: ErrorCode, message: string, command: Command, result: CommandResult): Outcome {
  const retryable = code === 'command-failed' && command.onWorkerLoss === 'retry';
  return { state: 'failed', error: errorOf(code, message, retryable), result: { ...result } };
}

function errorOf(code: ErrorCode, message: string, retryable: boolean): OperationError {
  return { code, message, hint: ERRORS[code].hint, retryable };
}
