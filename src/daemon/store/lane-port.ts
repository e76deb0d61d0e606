import type { Org } from '../../contract/org.ts';
import type { Pause } from '../../contract/pause.ts';

export type NewPause = Pick<Pause, 'by' | 'reason' | 'at'>;

/** The verbs of lanes; what holds of the port's verbs holds of these. */
export interface LanePort {
  /**
   * By organisation, so that all of its aliases share it. One that was paused by hand already stays as it was. Null: no such org.
   */
  pauseLane(tenant: string, alias: string, pause: NewPause): Promise<Org | null>;
  /** Whatever paused it; one that is not paused stays as it is. Null: no such org. */
  resumeLane(tenant: string, alias: string): Promise<Org | null>;
  /** The pause that holds: a server that was paused already stays as it was. */
  pauseServer(pause: NewPause): Promise<Pause>;
  resumeServer(): Promise<void>;
  serverPause(): Promise<Pause | null>;
}
