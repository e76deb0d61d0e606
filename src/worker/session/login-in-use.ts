import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOGIN_IN_USE } from '../../contract/worker-protocol.ts';

/**
 * While a refresh token is with the org, its successor is nowhere but in this process; and a session that is being revoked may
 * be the one that the org gives to the next who logs in. The file tells a daemon that comes back after a crash to let this
 * worker finish before anything new begins.
 */
export async function sparingly<T>(workspace: string, work: () => Promise<T>): Promise<T> {
  const file = join(workspace, LOGIN_IN_USE);
  await writeFile(file, '', { mode: 0o600 });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
