import type { User } from './accounts.ts';
import { type Call, refuseCall } from './answers.ts';
import {
  componentProblems,
  type Deployment,
  type DeploymentPlan,
  type DeployOptions,
  isDone,
  shareDone,
  testFailures,
} from './deployment.ts';
import { readMultipart } from './multipart.ts';
import { type Package, readPackage } from './package.ts';

const TEST_LEVELS = ['NoTestRun', 'RunSpecifiedTests', 'RunLocalTests', 'RunAllTestsInOrg'];

export interface Deployments {
  readonly all: readonly Deployment[];
  /** Reads the deploy call and puts the deployment in the org's queue. */
  submit(call: Call, user: User, plan: DeploymentPlan): Deployment;
  add(user: User, wish: DeploymentWish, plan: DeploymentPlan): Deployment;
  /** A poll: moves on whatever runs in the org, then answers the named deployment. */
  poll(id: string): Deployment;
  cancel(call: Call, user: User): Deployment;
  /** Nothing but a cancel moves while held, however often somebody asks. */
  hold(held: boolean): void;
}

export interface DeploymentWish {
  readonly options: DeployOptions;
  readonly package: Package;
}

/** The org's deployments: one runs, the others are Pending behind it. */
export function createDeployments(nextId: (prefix: string) => string, now: () => Date): Deployments {
  const all: Deployment[] = [];
  let held = false;

  const advance = () => {
    for (const deployment of all) if (deployment.status === 'Canceling') end(deployment, 'Canceled', now());
    const next = held ? undefined : all.find((deployment) => !isDone(deployment));
    if (next) moveOn(next, now());
  };
  const find = (id: string) => {
    const found = all.find((deployment) => deployment.id === id || deployment.id.slice(0, 15) === id);
    if (!found) throw refuseCall(404, 'NOT_FOUND', 'The requested resource does not exist');
    return found;
  };
  const add = (user: User, { options, package: content }: DeploymentWish, plan: DeploymentPlan) => {
    const deployment: Deployment = {
      id: nextId('0Af'),
      createdBy: user,
      createdAt: now(),
      options,
      package: content,
      plan,
      testsTotal: countTests(options, plan),
      status: 'Pending',
      startedAt: null,
      finishedAt: null,
      canceledBy: null,
      polls: 0,
    };
    all.push(deployment);
    return deployment;
  };

  return {
    all,
    add,
    submit: (call, user, plan) => add(user, readDeployCall(call), plan),
    poll(id) {
      const deployment = find(id);
      advance();
      return deployment;
    },
    cancel(call, user) {
      const deployment = find(call.id);
      readCancelCall(call);
      if (isDone(deployment))
        throw refuseCall(400, 'INVALID_ID_FIELD', 'Deployment already completed, it cannot be canceled');
      if (!deployment.plan.cancelComesTooLate) {
        deployment.status = 'Canceling';
        deployment.canceledBy = user;
      }
      return deployment;
    },
    hold(value) {
      held = value;
    },
  };
}

/** One poll's worth: a waiting deployment begins, a running one comes nearer to its end. */
function moveOn(deployment: Deployment, now: Date): void {
  if (deployment.status === 'Pending') {
    deployment.status = 'InProgress';
    deployment.startedAt = now;
    return;
  }
  deployment.polls += 1;
  if (shareDone(deployment, now) >= 1) end(deployment, hasFailed(deployment) ? 'Failed' : 'Succeeded', now);
}

function end(deployment: Deployment, status: Deployment['status'], now: Date): void {
  deployment.status = status;
  deployment.finishedAt = now;
}

function hasFailed(deployment: Deployment): boolean {
  return componentProblems(deployment).length > 0 || testFailures(deployment).length > 0;
}

function countTests(options: DeployOptions, plan: DeploymentPlan): number {
  if (options.testLevel === 'NoTestRun') return 0;
  return options.testLevel === 'RunSpecifiedTests' ? options.runTests.length : plan.localTests;
}

function readDeployCall(call: Call): DeploymentWish {
  const parts = readMultipart(call);
  const json = parts.find((part) => part.type === 'application/json');
  const zip = parts.find((part) => part.name === 'file');
  if (!json) throw refuseCall(400, 'INVALID_MULTIPART_REQUEST', 'No part of type application/json');
  if (!zip) throw refuseCall(400, 'INVALID_MULTIPART_REQUEST', 'No binary part named file');
  if (!/^application\/(zip|x-zip-compressed|octet-stream)$/.test(zip.type))
    throw refuseCall(400, 'INVALID_MULTIPART_REQUEST', `The part named file has the type ${zip.type}`);
  const options = readOptions(parseJson(json.content));
  const content = readPackage(zip.content, options.singlePackage);
  if (content === null) throw refuseCall(400, 'INVALID_ZIP_FILE', 'The file is not a valid zip archive');
  return { options, package: content };
}

function readOptions(body: Readonly<Record<string, unknown>>): DeployOptions {
  const given = body['deployOptions'] as Partial<DeployOptions> | undefined;
  if (typeof given !== 'object') throw refuseCall(400, 'JSON_PARSER_ERROR', 'deployOptions is missing');
  const options = {
    checkOnly: given.checkOnly ?? false,
    testLevel: given.testLevel ?? 'NoTestRun',
    runTests: given.runTests ?? [],
    rollbackOnError: given.rollbackOnError ?? false,
    ignoreWarnings: given.ignoreWarnings ?? false,
    singlePackage: given.singlePackage ?? false,
  };
  if (!TEST_LEVELS.includes(options.testLevel))
    throw refuseCall(400, 'JSON_PARSER_ERROR', `Unexpected value for testLevel: ${options.testLevel}`);
  if ((options.testLevel === 'RunSpecifiedTests') !== options.runTests.length > 0)
    throw refuseCall(400, 'INVALID_FIELD', 'runTests goes with the test level RunSpecifiedTests only');
  return options;
}

function readCancelCall(call: Call): void {
  const result = parseJson(call.body)['deployResult'] as { status?: unknown } | undefined;
  if (result?.status !== 'Canceling')
    throw refuseCall(400, 'JSON_PARSER_ERROR', 'deployResult.status must be Canceling');
}

function parseJson(content: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    throw refuseCall(400, 'JSON_PARSER_ERROR', 'Unexpected character');
  }
}
