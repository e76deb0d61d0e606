import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectedApp, type ConnectedAppWish, createAccounts, type User } from './accounts.ts';
import { type Answer, CALLS, type Call, type CallName, Refusal } from './answers.ts';
import { DEFAULT_PLAN, type Deployment, type DeploymentPlan } from './deployment.ts';
import { createDeployments, type DeploymentWish } from './deployments.ts';
import { createFaults, type FaultPlan, type Faults } from './faults.ts';
import { createIds, longId } from './ids.ts';
import {
  addAccessToken,
  addClientCredentialsLogin,
  addJwtLogin,
  addRefreshLogin,
  type ClientCredentialsLogin,
  type GivenToken,
  type JwtLogin,
  type RefreshLogin,
  type RefreshWish,
} from './logins.ts';
import { createQueries } from './queries.ts';
import { match, type RouteParts, standardRecords } from './routes.ts';
import { createSessions } from './sessions.ts';
import type { SalesforceRecord } from './soql.ts';

export type { JwtLogin, RefreshLogin } from './logins.ts';

export interface SalesforceOptions {
  /** 00D…, 15 or 18 characters. */
  readonly organisationId?: string;
  /** Grants for one user and app share one session. */
  readonly sharedSessions?: boolean;
  /** Default: any that is free. */
  readonly port?: number;
  readonly plan?: Partial<DeploymentPlan>;
  readonly now?: () => Date;
  /** Hears of every call; what it answers is waited for, so that something can happen at that very moment. */
  readonly observe?: (moment: CallMoment) => Promise<void> | void;
}

/** `received`: nothing was done yet; `acted`: it was done, and the caller has heard nothing; `answered`: the answer is on its way. */
export interface CallMoment {
  readonly call: CallName;
  readonly at: 'received' | 'acted' | 'answered';
  /** The part of the path that varies: a deployment, a user. */
  readonly id: string;
}

/** A real HTTP server that behaves like one Salesforce org, and is strict about it. */
export interface SalesforceStandIn {
  readonly url: string;
  readonly organisationId: string;
  readonly calls: Record<CallName, number>;
  readonly faults: Faults;
  /** In the order of their arrival. */
  readonly deployments: readonly Deployment[];
  readonly users: ReadonlyMap<string, User>;
  readonly apps: ReadonlyMap<string, ConnectedApp>;
  liveSessions(): number;
  /** Refreshes that were answered with a refusal, of any app. */
  refusedRefreshes(): number;
  /** Calls with a session that had ended. */
  refusedSessions(): number;
  /** Every access token that was ever given out. */
  issuedTokens(): readonly string[];
  /** The refresh token of a family that is good now; null when its family was revoked. */
  currentRefreshToken(anyOfIts: string): string | null;
  addUser(username: string): User;
  addConnectedApp(wish: ConnectedAppWish): ConnectedApp;
  addJwtLogin(username?: string): JwtLogin;
  addRefreshLogin(wish?: RefreshWish): RefreshLogin;
  addClientCredentialsLogin(username?: string): ClientCredentialsLogin;
  addAccessToken(username?: string): GivenToken;
  /** As a sandbox takes over an app of its production org, for its own users. */
  copyApp(production: Pick<SalesforceStandIn, 'apps'>, clientId: string, users: readonly string[]): void;
  /** Somebody revokes it in the org. */
  endRefreshLogin(anyOfItsTokens: string): void;
  setRecords(object: string, records: readonly SalesforceRecord[]): void;
  /** Null: as large as the caller asks for. */
  setPageSize(records: number | null): void;
  /** How deployments go that are submitted from now on. */
  planDeployments(plan: Partial<DeploymentPlan>): void;
  /** While held, running deployments go no further. */
  holdDeployments(held: boolean): void;
  /** A deployment that somebody else started. */
  addDeployment(username: string, wish?: Partial<DeploymentWish['options']>): Deployment;
  stop(): Promise<void>;
}

export async function startSalesforce(options: SalesforceOptions = {}): Promise<SalesforceStandIn> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const org = createOrg(url, options);
  server.on('request', (request, response) => void serve(org, request, response));
  return { ...org.face, stop: () => stop(server) };
}

interface Org {
  readonly parts: RouteParts;
  readonly faults: FaultPlan;
  readonly calls: Record<CallName, number>;
  readonly face: Omit<SalesforceStandIn, 'stop'>;
  readonly observe: NonNullable<SalesforceOptions['observe']>;
}

function createOrg(url: string, options: SalesforceOptions): Org {
  const nextId = createIds();
  const now = options.now ?? (() => new Date());
  const organisationId = longId((options.organisationId ?? '00D5g000004AcMe').slice(0, 15));
  const accounts = createAccounts(nextId);
  const sessions = createSessions(organisationId, { shared: options.sharedSessions ?? false });
  const faults = createFaults(() => sessions.endAll());
  const deployments = createDeployments(nextId, now);
  const refused = { refreshes: 0, sessions: 0 };
  const calls = Object.fromEntries(CALLS.map((name) => [name, 0])) as Record<CallName, number>;
  const records = new Map<string, readonly SalesforceRecord[]>();
  let plan = { ...DEFAULT_PLAN, ...options.plan };
  let pageSize: number | null = null;

  const parts: RouteParts = {
    accounts,
    sessions,
    organisationId,
    loginUrl: url,
    instanceUrl: url,
    now,
    pause: () => delay(faults.delayMs('token')).then(() => undefined),
    refused,
    queries: createQueries(),
    deployments,
    records: () => ({ ...standardRecords(parts), ...asDataSet(records) }),
    pageSize: () => pageSize,
    plan: () => plan,
  };
  const face: Org['face'] = {
    url,
    organisationId,
    calls,
    faults,
    deployments: deployments.all,
    users: accounts.users,
    apps: accounts.apps,
    liveSessions: sessions.live,
    refusedRefreshes: () => refused.refreshes,
    refusedSessions: () => refused.sessions,
    issuedTokens: sessions.issued,
    currentRefreshToken: (token) => sessions.findFamily(token)?.current ?? null,
    addUser: accounts.addUser,
    addConnectedApp: accounts.addConnectedApp,
    addJwtLogin: (username) => addJwtLogin(parts, username),
    addRefreshLogin: (wish = {}) => addRefreshLogin(parts, wish),
    addClientCredentialsLogin: (username) => addClientCredentialsLogin(parts, username),
    copyApp: ({ apps }, clientId, users) => accounts.copyApp(apps.get(clientId), users),
    endRefreshLogin(token) {
      const family = sessions.findFamily(token);
      if (family !== null) sessions.endFamily(family);
    },
    addAccessToken: (username) => addAccessToken(parts, username),
    setRecords: (object, rows) => void records.set(object, rows),
    setPageSize(size) {
      pageSize = size;
    },
    planDeployments(wish) {
      plan = { ...plan, ...wish };
    },
    holdDeployments: deployments.hold,
    addDeployment: (username, wish = {}) =>
      deployments.add(accounts.addUser(username), emptyDeployment(wish), plan),
  };
  return { parts, faults, calls, face, observe: options.observe ?? (() => undefined) };
}

function asDataSet(records: ReadonlyMap<string, readonly SalesforceRecord[]>) {
  return Object.fromEntries([...records].map(([object, rows]) => [object, () => rows] as const));
}

function emptyDeployment(wish: Partial<DeploymentWish['options']>): DeploymentWish {
  const options = {
    checkOnly: false,
    testLevel: 'NoTestRun',
    runTests: [],
    rollbackOnError: true,
    ignoreWarnings: false,
    singlePackage: true,
    ...wish,
  };
  return { options, package: { components: [], files: {} } };
}

/** Counts the call, lets its fault happen, and answers. */
async function serve(org: Org, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // An instance URL that ends with a slash leads to two of them, and an org does not mind.
  const url = new URL((request.url ?? '/').replace(/^\/+/, '/'), org.face.url);
  const { name, id, handler } = match(request.method ?? '', url.pathname);
  const body = await readBody(request);
  if (body === null) return;
  org.calls[name] += 1;
  const call: Call = { name, id, url, body, method: request.method ?? '', headers: request.headers };
  await org.observe({ call: name, at: 'received', id });
  const fault = org.faults.take(call);
  if (fault?.kind === 'reset') return void request.socket.destroy();
  const answer = fault?.kind === 'answer' ? fault.answer : await run(() => handler(org.parts, call));
  await org.observe({ call: name, at: 'acted', id });
  if (fault?.kind === 'lose-answer') return void request.socket.destroy();
  if (name !== 'token') await delay(org.faults.delayMs(name));
  send(response, answer);
  await org.observe({ call: name, at: 'answered', id });
}

/** Null: the caller went away. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}

async function run(handle: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { status: 500, body: [{ message, errorCode: 'UNKNOWN_EXCEPTION' }] };
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...headers });
  response.end(text);
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
