import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { readConfiguration } from '../config/file.ts';
import type { Paths } from '../config/paths.ts';
import type { Configuration } from '../contract/configuration.ts';
import { AppError } from '../contract/errors.ts';

export interface CurrentConfiguration {
  readonly get: () => Configuration;
  /** Reads the file again; one with a mistake changes nothing and is named in the log. */
  reload(): void;
}

/** AppError `home-missing` or `configuration-invalid` where there is nothing to begin with. */
export function createCurrentConfiguration(paths: Paths, log: Logger): CurrentConfiguration {
  let current = readConfiguration(paths);
  log.level = current.log.level;
  return {
    get: () => current,
    reload() {
      try {
        current = keepVault(current, readConfiguration(paths), log);
        log.level = current.log.level;
        log.info({ file: paths.configuration }, 'configuration read again');
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        log.error(
          { code: error.code, hint: error.hint },
          `The configuration stays as it was: ${error.message}`,
        );
      }
    },
  };
}

/** Workers and hooks must agree on where secrets are, and workers under way know only the old place. */
function keepVault(current: Configuration, next: Configuration, log: Logger): Configuration {
  if (isDeepStrictEqual(next.vault, current.vault)) return next;
  log.warn(`The vault stays ${current.vault.provider} until the server is started again.`);
  return { ...next, vault: current.vault };
}
