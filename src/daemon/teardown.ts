import type { Logger } from 'pino';

/** What was opened, to be closed in the opposite order. */
export interface Teardown {
  add(name: string, end: () => Promise<void> | void): void;
  /** Closes everything once, however often it is asked to; one that fails is logged and keeps no other open. */
  run(): Promise<void>;
}

export function createTeardown(log: Logger): Teardown {
  const ends: { readonly name: string; readonly end: () => Promise<void> | void }[] = [];
  const closeAll = async () => {
    for (let last = ends.pop(); last !== undefined; last = ends.pop()) {
      try {
        await last.end();
      } catch (error) {
        log.error({ err: error, part: last.name }, 'a part could not be closed');
      }
    }
  };
  let running: Promise<void> = Promise.resolve();
  return {
    add: (name, end) => ends.push({ name, end }),
    run() {
      running = running.then(closeAll);
      return running;
    },
  };
}
