import { constants } from 'node:os';
import { execa } from 'execa';
import type { Client } from '../client/client.ts';
import { AppError } from '../contract/errors.ts';
import { type KeptLock, keepLock } from './hold-lock.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command in this terminal while the lock is kept; answers its exit code. AppErrors: `lock-expired`, the lock was lost and
 * the command was ended; `invalid-request`, there is no such command.
 */
export async function runLocked(client: Client, held: KeptLock, words: readonly string[]): Promise<number> {
  const { lock } = held;
  const [command = '', ...parameters] = words;
  const child = execa(command, parameters, {
    stdio: 'inherit',
    reject: false,
    env: { SFP_LOCK_ID: lock.id, SFP_LOCK_FENCE: String(lock.fence) },
  });
  let lost: string | null = null;
  const keeper = keepLock(client, held, (why) => {
    lost = why;
    child.kill('SIGTERM');
  });
  const unhook = handSignalsOn((signal) => child.kill(signal));
  const result = await child.finally(async () => {
    unhook();
    await keeper.stop();
  });
  if (lost !== null) {
    throw new AppError('lock-expired', `The lock of ${lock.org} was lost, so the command was ended: ${lost}`);
  }
  if (result.exitCode === undefined && result.signal === undefined) {
    throw notStarted(command, result);
  }
  return result.exitCode ?? 128 + constants.signals[result.signal as NodeJS.Signals];
}

/** Without its parameters, which may hold what nobody is to read. */
function notStarted(
  command: string,
  { code, originalMessage }: { code?: string | undefined; originalMessage?: string | undefined },
): AppError {
  const detail =
    code === 'ENOENT'
      ? 'was not found'
      : `could not be started: ${originalMessage ?? code ?? 'no reason given'}`;
  return new AppError('invalid-request', `The command "${command}" ${detail}.`, {
    hint: 'Name a program on the PATH after --; the lock was released.',
  });
}

/** Ctrl-C reaches the command by itself where both are in one terminal; what comes otherwise is handed on. */
function handSignalsOn(kill: (signal: NodeJS.Signals) => void): () => void {
  const heard = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return () => {
    for (const signal of SIGNALS) process.off(signal, heard);
  };
}
