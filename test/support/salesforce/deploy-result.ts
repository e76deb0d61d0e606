import {
  componentProblems,
  countDone,
  type Deployment,
  isDone,
  type PlannedTestFailure,
  testFailures,
} from './deployment.ts';
import type { SalesforceRecord } from './soql.ts';

/** The REST shape of a deployment (Metadata API Developer Guide, deployRequest). */
export function deployResult(deployment: Deployment, now: Date, includeDetails: boolean): SalesforceRecord {
  const problems = componentProblems(deployment);
  const done = countDone(deployment, now);
  const failedComponents = isDone(deployment) ? problems.length : 0;
  const failedTests = done.tests === deployment.testsTotal ? testFailures(deployment).length : 0;
  return {
    id: deployment.id,
    checkOnly: deployment.options.checkOnly,
    ignoreWarnings: deployment.options.ignoreWarnings,
    rollbackOnError: deployment.options.rollbackOnError,
    runTestsEnabled: deployment.testsTotal > 0,
    status: deployment.status,
    done: isDone(deployment),
    success: deployment.status === 'Succeeded',
    stateDetail: deployment.status === 'InProgress' ? stateDetail(done.tests > 0) : null,
    numberComponentsTotal: deployment.package.components.length,
    numberComponentsDeployed: done.components - failedComponents,
    numberComponentErrors: failedComponents,
    numberTestsTotal: deployment.testsTotal,
    numberTestsCompleted: done.tests - failedTests,
    numberTestErrors: failedTests,
    createdBy: deployment.createdBy.id,
    createdByName: deployment.createdBy.name,
    createdDate: salesforceTime(deployment.createdAt),
    startDate: salesforceTime(deployment.startedAt),
    lastModifiedDate: salesforceTime(now),
    completedDate: salesforceTime(deployment.finishedAt),
    errorStatusCode: null,
    errorMessage: null,
    ...canceledBy(deployment),
    ...(includeDetails ? { details: details(deployment, done) } : {}),
  };
}

const stateDetail = (testing: boolean): string => (testing ? 'Running Apex tests' : 'Deploying components');

function canceledBy({ canceledBy: user }: Deployment): SalesforceRecord {
  return user === null ? {} : { canceledBy: user.id, canceledByName: user.name };
}

function details(
  deployment: Deployment,
  done: { readonly components: number; readonly tests: number },
): SalesforceRecord {
  const problems = isDone(deployment) ? componentProblems(deployment) : [];
  const failed = new Set(problems.map(({ component }) => component));
  const components = deployment.package.components.slice(0, done.components);
  const failures = done.tests === deployment.testsTotal ? testFailures(deployment) : [];
  return {
    componentFailures: problems.map(({ component, problem, line, column }) => ({
      ...componentMessage(deployment, component),
      success: false,
      problem,
      problemType: 'Error',
      lineNumber: line,
      columnNumber: column,
    })),
    componentSuccesses: components
      .filter((component) => !failed.has(component))
      .map((component) => ({ ...componentMessage(deployment, component), success: true })),
    runTestResult: {
      numTestsRun: done.tests,
      numFailures: failures.length,
      failures: failures.map(testFailure),
      successes: [],
      codeCoverage: [],
      codeCoverageWarnings: [],
      flowCoverage: [],
      totalTime: done.tests * 21,
    },
    retrieveResult: null,
  };
}

function componentMessage(
  deployment: Deployment,
  component: Deployment['package']['components'][number],
): SalesforceRecord {
  return {
    componentType: component.type,
    fullName: component.fullName,
    fileName: component.fileName,
    created: true,
    changed: true,
    deleted: false,
    warning: false,
    createdDate: salesforceTime(deployment.createdAt),
  };
}

function testFailure(failure: PlannedTestFailure): SalesforceRecord {
  return {
    name: failure.name,
    methodName: failure.method,
    message: failure.message,
    stackTrace: failure.stack,
    namespace: null,
    packageName: failure.name,
    type: 'Class',
    time: 21,
  };
}

/** The same deployment as a row of the Tooling object DeployRequest. */
export function deployRequestRecord(deployment: Deployment, now: Date): SalesforceRecord {
  const result = deployResult(deployment, now, false);
  return {
    Id: deployment.id,
    Status: deployment.status,
    CheckOnly: deployment.options.checkOnly,
    RollbackOnError: deployment.options.rollbackOnError,
    IgnoreWarnings: deployment.options.ignoreWarnings,
    TestLevel: deployment.options.testLevel,
    CreatedDate: salesforceTime(deployment.createdAt),
    CreatedById: deployment.createdBy.id,
    CreatedBy: {
      attributes: { type: 'User' },
      Id: deployment.createdBy.id,
      Name: deployment.createdBy.name,
      Username: deployment.createdBy.username,
    },
    StartDate: salesforceTime(deployment.startedAt),
    CompletedDate: salesforceTime(deployment.finishedAt),
    NumberComponentsTotal: result['numberComponentsTotal'],
    NumberComponentsDeployed: result['numberComponentsDeployed'],
    NumberComponentErrors: result['numberComponentErrors'],
    NumberTestsTotal: result['numberTestsTotal'],
    NumberTestsCompleted: result['numberTestsCompleted'],
    NumberTestErrors: result['numberTestErrors'],
    StateDetail: result['stateDetail'],
    ErrorMessage: null,
  };
}

/** `2026-11-23T22:14:00.000+0000`. */
export function salesforceTime(date: Date | null): string | null {
  return date === null ? null : date.toISOString().replace('Z', '+0000');
}
