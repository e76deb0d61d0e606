import type { Progress } from '../../contract/operation.ts';

/** A deployment as the org describes it (`deployResult`), with what is used of it. */
export interface Deployment {
  readonly id: string;
  /** Pending, InProgress, Succeeded, SucceededPartial, Failed, Canceling, Canceled, FinalizingDeploy, … */
  readonly status: string;
  readonly done: boolean;
  readonly checkOnly: boolean;
  readonly stateDetail: string | null;
  readonly errorMessage: string | null;
  readonly components: { readonly total: number; readonly deployed: number; readonly failed: number };
  readonly tests: { readonly total: number; readonly completed: number; readonly failed: number };
  readonly details: DeploymentDetails;
}

export interface DeploymentDetails {
  readonly componentFailures: readonly Record<string, unknown>[];
  readonly testFailures: readonly Record<string, unknown>[];
  readonly coverageWarnings: readonly Record<string, unknown>[];
}

type Body = Readonly<Record<string, unknown>>;

/** Reads the answer of a deployRequest call; null: it holds no deployment. */
export function readDeployment(answer: unknown): Deployment | null {
  const body = asBody(asBody(answer)['deployResult']);
  const id = text(body['id']) ?? text(asBody(answer)['id']);
  const status = text(body['status']);
  if (id === null || status === null) return null;
  const deployed = count(body['numberComponentsDeployed']);
  const failed = count(body['numberComponentErrors']);
  const failedTests = count(body['numberTestErrors']);
  const tests = count(body['numberTestsTotal']);
  return {
    id,
    status,
    done: body['done'] === true,
    checkOnly: body['checkOnly'] === true,
    stateDetail: text(body['stateDetail']),
    errorMessage: text(body['errorMessage']),
    components: { total: count(body['numberComponentsTotal']), deployed, failed },
    // Salesforce counts failed tests apart from completed ones.
    tests: {
      total: tests,
      completed: Math.min(tests, count(body['numberTestsCompleted']) + failedTests),
      failed: failedTests,
    },
    details: readDetails(asBody(body['details'])),
  };
}

/** Components first, then tests: what people watch. Where tests run, the components are behind us. */
export function progressOf({ components, tests, status, stateDetail }: Deployment): readonly Progress[] {
  const message =
    status === 'Pending' ? 'Waits in the org behind another deployment' : (stateDetail ?? status);
  const done = components.deployed + components.failed;
  const ofComponents = { done, total: components.total, unit: 'components' };
  if (tests.total === 0 || done < components.total) return [{ ...ofComponents, message }];
  return [
    { ...ofComponents, message: 'Done' },
    { done: tests.completed, total: tests.total, unit: 'tests', message },
  ];
}

function readDetails(details: Body): DeploymentDetails {
  const run = asBody(details['runTestResult']);
  return {
    componentFailures: list(details['componentFailures']),
    testFailures: list(run['failures']),
    coverageWarnings: list(run['codeCoverageWarnings']),
  };
}

/** One entry may come without its list. */
function list(value: unknown): readonly Record<string, unknown>[] {
  if (value === null || value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((one) => ({ ...asBody(one) }));
}

function asBody(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}
