import { render, useAnimation, useWindowSize } from 'ink';
import { isFinal, type Operation } from '../../contract/operation.ts';
import { createScreenStore, type ScreenStore, useScreen } from '../screen-store.ts';
import { TICK_MS } from '../theme.ts';
import { useLeaveKeys } from '../use-leave-keys.ts';
import { type OperationAction, type OperationModel, reduceOperation, startOperationModel } from './model.ts';
import { OperationView } from './view.tsx';

export interface OperationScreen {
  dispatch(action: OperationAction): void;
  /** Takes the live view off the screen; what was done stands below as text. */
  end(): Promise<void>;
}

/** The live view of one operation on this terminal. */
export function openOperationScreen(operation: Operation, onDetach: () => void): OperationScreen {
  const store = createScreenStore(reduceOperation, startOperationModel(operation));
  const screen = render(<Screen store={store} onDetach={onDetach} />, {
    exitOnCtrlC: false,
    maxFps: 1000 / TICK_MS,
    incrementalRendering: true,
  });
  return {
    dispatch: store.dispatch,
    async end() {
      store.flush();
      await screen.waitUntilRenderFlush();
      screen.unmount();
      await screen.waitUntilExit();
    },
  };
}

export function Screen({
  store,
  onDetach,
}: {
  store: ScreenStore<OperationModel, OperationAction>;
  onDetach: () => void;
}) {
  const model = useScreen(store);
  const size = useWindowSize();
  const { frame } = useAnimation({ interval: TICK_MS, isActive: !isFinal(model.operation.state) });
  useLeaveKeys(onDetach);
  return <OperationView model={model} size={size} now={Date.now()} frame={frame} />;
}
