import { Type } from 'typebox';
import { Backup, BackupRequest } from './backup.ts';
import { Pause, PauseRequest } from './pause.ts';
import { route } from './route.ts';
import { Readiness, ServerStatus } from './server.ts';
import { Nullable } from './values.ts';

/** What the server says of itself, and what its owner does with it as a whole. */
export const SERVER_ROUTES = {
  serverStatus: route({
    method: 'GET',
    url: '/api/v1/status',
    door: 'control',
    scope: null,
    status: 200,
    success: ServerStatus,
  }),
  drainServer: route({
    method: 'POST',
    url: '/api/v1/server/drain',
    door: 'control',
    scope: null,
    status: 202,
    success: ServerStatus,
  }),
  cancelDrain: route({
    method: 'DELETE',
    url: '/api/v1/server/drain',
    door: 'control',
    scope: null,
    status: 200,
    success: ServerStatus,
  }),
  pauseServer: route({
    method: 'POST',
    url: '/api/v1/server/pause',
    door: 'control',
    scope: null,
    body: PauseRequest,
    status: 200,
    success: Type.Object({ paused: Nullable(Pause) }),
  }),
  resumeServer: route({
    method: 'POST',
    url: '/api/v1/server/resume',
    door: 'control',
    scope: null,
    status: 200,
    success: Type.Object({ paused: Nullable(Pause) }),
  }),
  createBackup: route({
    method: 'POST',
    url: '/api/v1/backups',
    door: 'control',
    scope: null,
    body: BackupRequest,
    status: 201,
    success: Backup,
  }),
  health: route({
    method: 'GET',
    url: '/healthz',
    door: 'both',
    scope: null,
    status: 200,
    success: Type.Object({ ok: Type.Boolean() }),
  }),
  readiness: route({
    method: 'GET',
    url: '/readyz',
    door: 'both',
    scope: null,
    status: 200,
    success: Readiness,
  }),
} as const;
