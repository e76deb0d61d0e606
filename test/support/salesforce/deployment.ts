import type { User } from './accounts.ts';
import type { Component, Package } from './package.ts';

export type DeploymentStatus = 'Pending' | 'InProgress' | 'Canceling' | 'Succeeded' | 'Failed' | 'Canceled';

/** What a caller asked for (`deployOptions`). */
export interface DeployOptions {
  readonly checkOnly: boolean;
  readonly testLevel: string;
  readonly runTests: readonly string[];
  readonly rollbackOnError: boolean;
  readonly ignoreWarnings: boolean;
  readonly singlePackage: boolean;
}

export interface PlannedComponentFailure {
  readonly fullName: string;
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

export interface PlannedTestFailure {
  readonly name: string;
  readonly method: string;
  readonly message: string;
  readonly stack: string;
}

/** How the next deployments go. */
export interface DeploymentPlan {
  /** How far one goes: by the status polls that it takes, or by the clock. */
  readonly pace: { readonly polls: number } | { readonly durationMs: number };
  /** How many tests a test level runs that names none. */
  readonly localTests: number;
  readonly componentFailures: readonly PlannedComponentFailure[];
  readonly testFailures: readonly PlannedTestFailure[];
  /** True: a cancel comes too late, and the deployment ends as it would have. */
  readonly cancelComesTooLate: boolean;
}

export const DEFAULT_PLAN: DeploymentPlan = {
  pace: { polls: 3 },
  localTests: 12,
  componentFailures: [],
  testFailures: [],
  cancelComesTooLate: false,
};

/** One deployment as the org keeps it. */
export interface Deployment {
  readonly id: string;
  readonly createdBy: User;
  readonly createdAt: Date;
  readonly options: DeployOptions;
  readonly package: Package;
  readonly plan: DeploymentPlan;
  readonly testsTotal: number;
  status: DeploymentStatus;
  startedAt: Date | null;
  finishedAt: Date | null;
  canceledBy: User | null;
  /** Status polls since it was started. */
  polls: number;
}

export function isDone(deployment: Deployment): boolean {
  return ['Succeeded', 'Failed', 'Canceled'].includes(deployment.status);
}

/** From 0 to 1. */
export function shareDone(deployment: Deployment, now: Date): number {
  if (deployment.status === 'Succeeded' || deployment.status === 'Failed') return 1;
  if (deployment.startedAt === null) return 0;
  const end = deployment.finishedAt ?? now;
  const { pace } = deployment.plan;
  const share =
    'polls' in pace
      ? deployment.polls / pace.polls
      : (end.getTime() - deployment.startedAt.getTime()) / pace.durationMs;
  return Math.min(share, 1);
}

export function componentProblems(deployment: Deployment): readonly ComponentProblem[] {
  return deployment.package.components.flatMap((component) => {
    const planned = deployment.plan.componentFailures.find(({ fullName }) => fullName === component.fullName);
    const problem = component.problem ?? planned?.problem;
    if (problem === undefined) return [];
    return [{ component, problem, line: planned?.line ?? null, column: planned?.column ?? null }];
  });
}

export interface ComponentProblem {
  readonly component: Component;
  readonly problem: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** Components come first, then tests: as many as the share of both that is done. */
export function countDone(
  deployment: Deployment,
  now: Date,
): { readonly components: number; readonly tests: number } {
  const total = deployment.package.components.length;
  const steps = Math.floor(shareDone(deployment, now) * (total + deployment.testsTotal));
  const failed = componentProblems(deployment).length > 0;
  return { components: Math.min(steps, total), tests: failed ? 0 : Math.max(0, steps - total) };
}

export function testFailures(deployment: Deployment): readonly PlannedTestFailure[] {
  return deployment.testsTotal > 0 ? deployment.plan.testFailures : [];
}
