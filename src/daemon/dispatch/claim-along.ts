import type { Store } from '../store/port.ts';

/**
 * What is asked of the store in one tick shares a commit. So the claim of work is asked for together with its acceptance: where
 * a place is free, it is accepted and started by the same write to the disk.
 */
export function claimAlong<S extends Pick<Store, 'accept' | 'acceptDelivery'>>(
  store: S,
  claim: () => void,
): S {
  return {
    ...store,
    accept(...request: Parameters<Store['accept']>) {
      const accepted = store.accept(...request);
      claim();
      return accepted;
    },
    acceptDelivery(...request: Parameters<Store['acceptDelivery']>) {
      const accepted = store.acceptDelivery(...request);
      claim();
      return accepted;
    },
  };
}
