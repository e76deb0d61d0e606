import type { BrokenPromise } from './broken.ts';

/** Broken promises of what a request may ask for, and of a clock that is set. */
export const BROKEN_REQUESTS: Readonly<Record<string, BrokenPromise>> = {
  'newer work that leaves the older waiting': {
    invariant: 'newer work takes the place of what waits under its key',
    broken: (verbs) => ({
      accept: (operation, claim) => verbs.accept({ ...operation, supersede: null }, claim),
    }),
  },
  'newer work that ends what it was to keep': {
    invariant: 'newer work takes the place of what waits under its key',
    broken: (verbs) => ({
      accept({ supersede, ...operation }, claim) {
        const ending = supersede === null ? null : { ...supersede, running: 'cancel' as const };
        return verbs.accept({ ...operation, supersede: ending }, claim);
      },
    }),
  },
  'another attempt of what asked for a person': {
    invariant: 'what asked for a person does not run again by itself',
    broken: (verbs) => ({
      settle(id, attempt, settlement, now) {
        const lost = settlement.to === 'indeterminate' && settlement.error.code === 'worker-lost';
        const again = { to: 'queued', reason: 'the worker was lost', error: null } as const;
        return verbs.settle(id, attempt, lost ? again : settlement, now);
      },
    }),
  },
  'a time that is over, whatever the org does': {
    invariant: 'a deployment that was cancelled, or whose time is over, does not go on',
    broken: (verbs) => ({
      settle(id, attempt, settlement, now) {
        const guessed =
          settlement.to === 'indeterminate' ? ({ ...settlement, to: 'timed_out' } as const) : settlement;
        return verbs.settle(id, attempt, guessed, now);
      },
    }),
  },
  'a clock that is set back, and nobody notices': {
    invariant: 'a clock that was set back holds nothing up',
    broken: (verbs) => ({
      promoteDue: (now) => verbs.promoteDue(now, false),
      expireLocks: (now) => verbs.expireLocks(now, false),
    }),
  },
};
