import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../contract/errors.ts';

const END_LIMIT_MS = 10_000;

/**
 * A daemon that was killed leaves its Caddy behind, which holds the port. It answers on its admin socket, in a directory
 * of this home's owner alone, so it is ours to end.
 */
export async function endLeftoverCaddy(adminSocket: string): Promise<void> {
  const deadline = performance.now() + END_LIMIT_MS;
  while (await answers(adminSocket)) {
    await askToStop(adminSocket);
    if (performance.now() > deadline) {
      throw new AppError('caddy-failed', `An earlier Caddy still answers on ${adminSocket}.`, {
        hint: 'End that process, then start again.',
      });
    }
    await pause(50);
  }
  await rm(adminSocket, { force: true });
}

async function answers(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path: socketPath });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  const answered = await promise;
  socket.destroy();
  return answered;
}

/** On a unix socket Caddy takes requests for no host, as its own commands send them. */
async function askToStop(socketPath: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked = request(
    { socketPath, method: 'POST', path: '/stop', headers: { host: '' }, timeout: 2_000 },
    (answer) => answer.resume().once('close', resolve),
  );
  asked.once('timeout', () => asked.destroy());
  asked.once('close', resolve);
  asked.once('error', () => resolve());
  asked.end();
  await promise;
}
