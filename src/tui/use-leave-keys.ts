import { useInput, useStdin } from 'ink';

/** q and Ctrl-C. In raw mode Ctrl-C is a key; where there is none, the signal comes to the command itself. */
export function useLeaveKeys(onLeave: () => void): void {
  const { isRawModeSupported } = useStdin();
  useInput(
    (input, key) => {
      if (input === 'q' || (key.ctrl && input === 'c')) onLeave();
    },
    { isActive: isRawModeSupported },
  );
}
