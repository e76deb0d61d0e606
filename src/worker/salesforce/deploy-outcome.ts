import { AppError } from '../../contract/errors.ts';
import { cutText, KEPT_OF_FAILURES } from '../../contract/limits.ts';
import type { ComponentFailure, DeployResult, TestFailure } from '../../contract/tasks.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import type { Deployment } from './deployment.ts';

export interface DeployFacts {
  /** The file of a component in the source code; null: not known, and Salesforce's own name for it is shown. */
  readonly placeOf: (type: string, fullName: string) => string | null;
  readonly commitId: string | null;
  readonly resumed: boolean;
}

/** What a finished deployment means for the operation. */
export function deployOutcome(deployment: Deployment, facts: DeployFacts): Outcome {
  const result = { ...deployResult(deployment, facts) };
  switch (deployment.status) {
    case 'Succeeded':
      return { state: 'succeeded', result };
    case 'Canceled':
      return { state: 'cancelled', result };
    default:
      return { state: 'failed', error: deployError(deployment, result), result };
  }
}

function deployResult(deployment: Deployment, facts: DeployFacts): DeployResult {
  const { id, status, checkOnly, components, tests, details } = deployment;
  const componentFailures = fitting(
    details.componentFailures.map((failure) => componentFailure(failure, facts)),
  );
  const testFailures = fitting(details.testFailures.map(testFailure));
  const failuresLeftOut =
    details.componentFailures.length -
    componentFailures.length +
    details.testFailures.length -
    testFailures.length;
  return {
    deploymentId: id,
    status,
    checkOnly,
    commitId: facts.commitId,
    components,
    tests,
    componentFailures,
    testFailures,
    ...(failuresLeftOut > 0 ? { failuresLeftOut } : {}),
    resumed: facts.resumed,
  };
}

function componentFailure(failure: Record<string, unknown>, facts: DeployFacts): ComponentFailure {
  const type = text(failure['componentType']);
  const name = text(failure['fullName']) ?? '';
  return {
    type,
    name,
    file: facts.placeOf(type ?? '', name) ?? text(failure['fileName']),
    line: integer(failure['lineNumber']),
    column: integer(failure['columnNumber']),
    problem: text(failure['problem']) ?? '',
  };
}

function testFailure(failure: Record<string, unknown>): TestFailure {
  return {
    name: text(failure['name']) ?? '',
    method: text(failure['methodName']) ?? '',
    message: text(failure['message']) ?? '',
    stack: text(failure['stackTrace']),
  };
}

/** So many of each kind that both together fit into a result. */
function fitting<T>(failures: readonly T[]): T[] {
  let bytes = 0;
  const fits = (failure: T): boolean => {
    bytes += Buffer.byteLength(JSON.stringify(failure));
    return bytes <= KEPT_OF_FAILURES.bytes;
  };
  const first = failures.slice(0, KEPT_OF_FAILURES.count);
  const end = first.findIndex((failure) => !fits(failure));
  return end === -1 ? first : first.slice(0, end);
}

function deployError(deployment: Deployment, result: DeployResult) {
  const { code, message, hint } = new AppError('deploy-failed', sentence(deployment, result));
  return { code, message, hint, retryable: false };
}

/** Numbers first, then the first cause: that is what fits on a line. */
function sentence(deployment: Deployment, { componentFailures, testFailures }: DeployResult): string {
  const { components, details, errorMessage, id, status, tests } = deployment;
  const [component] = componentFailures;
  if (component !== undefined) {
    const { type, name, file, line, problem } = component;
    const place = file === null ? '' : `, ${file}${line === null ? '' : `:${line}`}`;
    return `${components.failed} of ${count(components.total, 'component')} failed: ${type ?? ''} ${name}${place}: ${problem}`;
  }
  const [test] = testFailures;
  if (test !== undefined) {
    return `${tests.failed} of ${count(tests.total, 'test')} failed: ${test.name}.${test.method}: ${test.message}`;
  }
  const coverage = details.coverageWarnings
    .map((warning) => text(warning['message']))
    .find((one) => one !== null);
  return `The deployment ${id} ended as ${status}: ${errorMessage ?? coverage ?? 'Salesforce gives no reason'}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? cutText(value, KEPT_OF_FAILURES.characters) : null;
}

/** Some API versions write numbers as text. */
function integer(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}
