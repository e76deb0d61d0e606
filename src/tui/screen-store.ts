import { useSyncExternalStore } from 'react';
import { TICK_MS } from './theme.ts';

/** What a screen shows: events reduce it as fast as they come, and the screen hears of it at most ten times a second. */
export interface ScreenStore<Model, Action> {
  get(): Model;
  dispatch(action: Action): void;
  /** Shows at once what has been dispatched. */
  flush(): void;
  listen(listener: () => void): () => void;
}

export function createScreenStore<Model, Action>(
  reduce: (model: Model, action: Action) => Model,
  initial: Model,
): ScreenStore<Model, Action> {
  let model = initial;
  let shown = initial;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    timer = undefined;
    shown = model;
    for (const listener of listeners) listener();
  };
  return {
    get: () => shown,
    dispatch(action) {
      model = reduce(model, action);
      if (model !== shown) timer ??= setTimeout(tell, TICK_MS);
    },
    flush() {
      clearTimeout(timer);
      tell();
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
  };
}

export function useScreen<Model>(store: Pick<ScreenStore<Model, never>, 'get' | 'listen'>): Model {
  return useSyncExternalStore(store.listen, store.get, store.get);
}
