import { render, useAnimation, useInput, useStdin, useWindowSize } from 'ink';
import type { Client } from '../../client/client.ts';
import { createScreenStore, type ScreenStore, useScreen } from '../screen-store.ts';
import { TICK_MS } from '../theme.ts';
import { startBoardFeed } from './feed.ts';
import { type BoardAction, type BoardModel, EMPTY_BOARD, isBusy, reduceBoard } from './model.ts';
import { BoardView } from './view.tsx';

export interface BoardScreen {
  /** Says on the board that the server is being stopped. */
  stopping(): void;
  close(): Promise<void>;
}

type BoardStore = ScreenStore<BoardModel, BoardAction>;

/** The live board, on a screen of its own that leaves the terminal as it was. Until the server answers, it is starting. */
export function openBoard(
  client: Client,
  edge: string,
  onLeave: () => void,
  answering: Promise<void>,
): BoardScreen {
  const store = createScreenStore(reduceBoard, EMPTY_BOARD);
  let feed: { stop(): void } | null = null;
  let closed = false;
  void answering.then(() => {
    if (!closed) feed = startBoardFeed(client, store.dispatch);
  });
  const screen = render(<Screen store={store} edge={edge} onLeave={onLeave} />, {
    exitOnCtrlC: false,
    maxFps: 1000 / TICK_MS,
    alternateScreen: true,
    incrementalRendering: true,
  });
  return {
    stopping: () => store.dispatch({ type: 'stopping' }),
    async close() {
      closed = true;
      feed?.stop();
      screen.unmount();
      await screen.waitUntilExit();
    },
  };
}

export function Screen({ store, edge, onLeave }: { store: BoardStore; edge: string; onLeave: () => void }) {
  const model = useScreen(store);
  const size = useWindowSize();
  const busy = isBusy(model);
  const { frame } = useAnimation({ interval: busy ? TICK_MS : 1_000 });
  useBoardKeys(store, busy, onLeave);
  return <BoardView model={model} edge={edge} size={size} now={Date.now()} frame={frame} />;
}

/** Ctrl-C stops at once; q asks first while work is running. */
function useBoardKeys(store: BoardStore, busy: boolean, onLeave: () => void): void {
  const { isRawModeSupported } = useStdin();
  useInput(
    (input, key) => {
      const { asking } = store.get();
      if (key.ctrl && input === 'c') onLeave();
      else if (input !== 'q') store.dispatch({ type: 'asking', asking: false });
      else if (busy && !asking) store.dispatch({ type: 'asking', asking: true });
      else onLeave();
    },
    { isActive: isRawModeSupported },
  );
}
