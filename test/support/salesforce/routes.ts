import type { User } from './accounts.ts';
import { type Answer, type Call, type CallName, invalidSession, refuseCall } from './answers.ts';
import { cliRoutes } from './cli-routes.ts';
import { deployRequestRecord, deployResult, salesforceTime } from './deploy-result.ts';
import type { Deployment, DeploymentPlan } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import { type GrantParts, grant, identityUrl, revoke } from './grants.ts';
import type { DataSet, Queries } from './queries.ts';
import { parseSoql } from './soql.ts';

export const VERSIONS = Array.from({ length: 11 }, (_, index) => `${58 + index}.0`);
/** The smallest page that an org answers, and the largest. */
const PAGE = { least: 200, most: 2000 };

export interface RouteParts extends GrantParts {
  readonly queries: Queries;
  readonly deployments: Deployments;
  /** The objects of the data API; a test may change it. */
  readonly records: () => DataSet;
  readonly pageSize: () => number | null;
  readonly plan: () => DeploymentPlan;
}

export type Handler = (parts: RouteParts, call: Call) => Answer | Promise<Answer>;

export const API = '/services/data/v(?<version>\\d+\\.\\d)';
const TABLE: readonly (readonly [name: CallName, method: string, path: RegExp, handler: Handler])[] = [
  ['token', '*', /^\/services\/oauth2\/token$/, grant],
  ['revoke', '*', /^\/services\/oauth2\/revoke$/, revoke],
  ['identity', 'GET', /^\/services\/oauth2\/userinfo$/, userInfo],
  ['identity', 'GET', /^\/id\/00D\w+\/(?<id>005\w+)$/, userInfo],
  ['versions', 'GET', /^\/services\/data\/?$/, versions],
  ['limits', 'GET', new RegExp(`^${API}/limits$`), limits],
  ['query', 'GET', new RegExp(`^${API}/query/?$`), query],
  ['queryMore', 'GET', new RegExp(`^${API}/(tooling/)?query/(?<id>01g\\w+-\\d+)$`), queryMore],
  ['toolingQuery', 'GET', new RegExp(`^${API}/tooling/query/?$`), toolingQuery],
  ['deploy', 'POST', new RegExp(`^${API}/metadata/deployRequest$`), deploy],
  ['deployStatus', 'GET', new RegExp(`^${API}/metadata/deployRequest/(?<id>\\w+)$`), deployStatus],
  ['deployCancel', 'PATCH', new RegExp(`^${API}/metadata/deployRequest/(?<id>\\w+)$`), deployCancel],
];

export interface Match {
  readonly name: CallName;
  readonly id: string;
  readonly handler: Handler;
}

export function match(method: string, path: string): Match {
  for (const [name, wanted, pattern, handler] of [...TABLE, ...cliRoutes()]) {
    const found = pattern.exec(path);
    if (!found || (wanted !== '*' && wanted !== method)) continue;
    const { id = '', version } = found.groups ?? {};
    if (version !== undefined && !isServed(version)) break;
    return { name, id, handler };
  }
  return { name: 'unknown', id: '', handler: notFound };
}

/** An org answers older versions for years; it names those that it has had lately. */
function isServed(version: string): boolean {
  return Number(version) >= 31 && Number(version) <= Number(VERSIONS.at(-1));
}

function notFound(): never {
  throw refuseCall(404, 'NOT_FOUND', 'The requested resource does not exist');
}

/** Whose session it is; every call of the data API asks. */
export function userOf(parts: RouteParts, call: Call): User {
  const token = /^(?:Bearer|OAuth) (.+)$/.exec(call.headers.authorization ?? '')?.[1];
  const session = token === undefined ? null : parts.sessions.find(token);
  if (session === null) {
    parts.refused.sessions += 1;
    throw invalidSession();
  }
  return session.user;
}

function userInfo(parts: RouteParts, call: Call): Answer {
  const user = userOf(parts, call);
  if (call.id !== '' && call.id !== user.id) return { status: 403, body: 'Wrong_Id' };
  return {
    status: 200,
    body: {
      id: identityUrl(parts, user),
      sub: identityUrl(parts, user),
      user_id: user.id,
      organization_id: parts.organisationId,
      username: user.username,
      preferred_username: user.username,
      display_name: user.name,
      name: user.name,
      email: user.username,
      active: true,
      urls: { rest: `${parts.instanceUrl}/services/data/v{version}/` },
    },
  };
}

function versions(): Answer {
  const body = VERSIONS.map((version) => ({
    label: `Release ${version}`,
    url: `/services/data/v${version}`,
    version,
  }));
  return { status: 200, body };
}

function limits(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  return { status: 200, body: { DailyApiRequests: { Max: 15_000, Remaining: 14_998 } } };
}

function query(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  if (call.url.searchParams.get('columns') === 'true') return columns(call);
  return parts.queries.run(call, parts.records(), pageSize(parts, call));
}

/** What a query would select, as the sf CLI asks before it prints a table. */
function columns(call: Call): Answer {
  const { fields, object } = parseSoql(call.url.searchParams.get('q') ?? '');
  const columnMetadata = fields.map((name) => ({
    aggregate: false,
    apexType: 'String',
    booleanType: false,
    columnName: name,
    custom: false,
    displayName: name,
    foreignKeyName: null,
    insertable: true,
    joinColumns: [],
    numberType: false,
    textType: true,
    updatable: true,
  }));
  return {
    status: 200,
    body: { columnMetadata, entityName: object, groupBy: false, idSelected: false, keyPrefix: '001' },
  };
}

function queryMore(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  return parts.queries.more(call, pageSize(parts, call));
}

function toolingQuery(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  const DeployRequest = () =>
    parts.deployments.all.map((deployment) => deployRequestRecord(deployment, parts.now()));
  return parts.queries.run(call, { DeployRequest }, pageSize(parts, call));
}

function pageSize(parts: RouteParts, call: Call): number {
  const fixed = parts.pageSize();
  if (fixed !== null) return fixed;
  const wish = /batchSize=(\d+)/.exec(String(call.headers['sforce-query-options'] ?? ''))?.[1];
  return wish === undefined ? PAGE.most : Math.min(PAGE.most, Math.max(PAGE.least, Number(wish)));
}

function deploy(parts: RouteParts, call: Call): Answer {
  const deployment = parts.deployments.submit(call, userOf(parts, call), parts.plan());
  return { status: 201, body: envelope(parts, deployment, false) };
}

function deployStatus(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  const deployment = parts.deployments.poll(call.id);
  const includeDetails = call.url.searchParams.get('includeDetails') === 'true';
  return { status: 200, body: envelope(parts, deployment, includeDetails) };
}

function deployCancel(parts: RouteParts, call: Call): Answer {
  const deployment = parts.deployments.cancel(call, userOf(parts, call));
  return { status: 202, body: envelope(parts, deployment, false) };
}

function envelope(parts: RouteParts, deployment: Deployment, includeDetails: boolean): object {
  return {
    id: deployment.id,
    validatedDeployRequestId: null,
    deployOptions: { ...deployment.options },
    deployResult: deployResult(deployment, parts.now(), includeDetails),
  };
}

/** What an org has without anybody's doing. */
export function standardRecords(parts: GrantParts): DataSet {
  return {
    Organization: () => [
      {
        Id: parts.organisationId,
        Name: 'Acme',
        IsSandbox: true,
        InstanceName: 'LOCAL1',
        NamespacePrefix: null,
        OrganizationType: 'Enterprise Edition',
        TrialExpirationDate: null,
      },
    ],
    PermissionSetGroup: () => [],
    User: () =>
      [...parts.accounts.users.values()].map((user) => ({
        Id: user.id,
        Name: user.name,
        Username: user.username,
        IsActive: true,
        CreatedDate: salesforceTime(parts.now()),
      })),
  };
}
