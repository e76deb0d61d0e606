import type { Handlers } from '../parts.ts';
import { createBackup } from './backup.ts';
import { listDeliveries } from './deliveries.ts';
import { listEvents } from './events.ts';
import { receiveHook } from './hooks.ts';
import { createLock, releaseLock, renewLock } from './locks.ts';
import {
  cancelOperationById,
  createOperation,
  getOperation,
  listOperations,
  resolveOperationById,
  retryOperationById,
} from './operations.ts';
import { deleteOrg, listOrgs, putOrg } from './orgs.ts';
import { pauseOrg, pauseServer, resumeOrg, resumeServer } from './pauses.ts';
import { listSchedules } from './schedules.ts';
import { cancelDrain, drainServer, health, readiness, serverStatus } from './server.ts';
import { listTasks } from './tasks.ts';
import { createApiToken, listTokens, revokeToken } from './tokens.ts';
import { createUpload } from './uploads.ts';

/** What does each route of the contract; one without code does not compile. */
export const HANDLERS: Handlers = {
  createOperation,
  listOperations,
  getOperation,
  listEvents,
  cancelOperation: cancelOperationById,
  retryOperation: retryOperationById,
  resolveOperation: resolveOperationById,
  createUpload,
  listOrgs,
  putOrg,
  deleteOrg,
  pauseOrg,
  resumeOrg,
  createLock,
  renewLock,
  releaseLock,
  listTasks,
  listSchedules,
  listDeliveries,
  createToken: createApiToken,
  listTokens,
  revokeToken,
  serverStatus,
  drainServer,
  cancelDrain,
  pauseServer,
  resumeServer,
  createBackup,
  receiveHook,
  health,
  readiness,
};
