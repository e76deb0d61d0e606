import type { Logger } from 'pino';
import type { OperationEvent } from '../../contract/event.ts';
import type { Store } from '../store/port.ts';

/** A server that starts nothing more and waits until what runs has ended. It forgets that with its process. */
export interface Drain {
  readonly active: () => boolean;
  begin(): void;
  /** Work is started again as before. */
  end(): void;
  /** Something may have ended. */
  look(): void;
}

/** `onDrained`: nothing runs any more. What the store calls running counts: a claim that is just answered is among it. */
export function createDrain(options: {
  readonly store: Pick<Store, 'counts'>;
  readonly onDrained: () => void;
  readonly log: Logger;
}): Drain {
  let active = false;
  const check = async (): Promise<void> => {
    const { running } = await options.store.counts(null);
    if (active && running === 0) options.onDrained();
  };
  const look = (): void => {
    if (!active) return;
    check().catch((error: unknown) =>
      options.log.error({ err: error }, 'what still runs could not be counted'),
    );
  };
  return {
    active: () => active,
    begin() {
      if (!active) options.log.info('draining: nothing new is started');
      active = true;
      look();
    },
    end() {
      if (active) options.log.info('the drain was taken back');
      active = false;
    },
    look,
  };
}

export function endsAttempt({ body }: OperationEvent): boolean {
  return body.type === 'state' && body.from === 'running';
}
