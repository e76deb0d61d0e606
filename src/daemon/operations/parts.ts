import type { Paths } from '../../config/paths.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { Store } from '../store/port.ts';

/** What the verbs of operations work with. */
export interface OperationParts {
  readonly store: Store;
  /** As it is now: it may be read again while the server runs. */
  readonly configuration: () => Configuration;
  readonly paths: Paths;
  readonly now: () => Date;
}
