import { pause } from '../stopped.ts';
import type { LogLevel } from '../work.ts';
import { type Git, GitRefusal } from './git-command.ts';

const PAUSES_MS = [1_000, 4_000] as const;
/** How Git, curl and ssh say that a network or a server had a bad moment. */
const PASSING =
  /could not resolve host|temporary failure in name resolution|connection (timed out|reset|refused|closed)|operation timed out|early eof|hung up unexpectedly|returned error: (429|5\d\d)|gnutls_handshake|network is unreachable/i;

export interface RetryParts {
  readonly log: (level: LogLevel, message: string) => void;
  readonly signal: AbortSignal;
}

/** For commands that only read from the other side: a bad moment of the network is waited out. */
export function persistentGit(git: Git, { log, signal }: RetryParts): Git {
  return async (parameters) => {
    for (const milliseconds of PAUSES_MS) {
      try {
        return await git(parameters);
      } catch (error) {
        if (!(error instanceof GitRefusal) || !PASSING.test(error.stderr)) throw error;
        log('info', `${error.message}; trying again.`);
        if (await pause(milliseconds, signal)) throw signal.reason;
      }
    }
    return git(parameters);
  };
}
