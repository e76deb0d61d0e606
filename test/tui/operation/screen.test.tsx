import { cleanup, render } from 'ink-testing-library';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { reduceOperation, startOperationModel } from '../../../src/tui/operation/model.ts';
import { Screen } from '../../../src/tui/operation/screen.tsx';
import { createScreenStore } from '../../../src/tui/screen-store.ts';
import { eventOf, operation, stepOf } from '../samples.ts';

afterEach(cleanup);

describe('the screen of one operation', () => {
  test('draws what has happened', async () => {
    const store = createScreenStore(reduceOperation, startOperationModel(operation()));
    const { lastFrame } = render(<Screen store={store} onDetach={() => {}} />);
    store.dispatch({ type: 'event', event: eventOf(1, stepOf('login', 'started', 'Log in')) });
    await vi.waitFor(() => expect(lastFrame()).toContain('Log in'));
  });

  test.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ])('%s stops watching', async (_name, key) => {
    const store = createScreenStore(reduceOperation, startOperationModel(operation()));
    const onDetach = vi.fn();
    const { stdin, lastFrame } = render(<Screen store={store} onDetach={onDetach} />);
    await vi.waitFor(() => expect(lastFrame()).toContain('running'));
    stdin.write(key);
    await vi.waitFor(() => expect(onDetach).toHaveBeenCalled());
  });
});
