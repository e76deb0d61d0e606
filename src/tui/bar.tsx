import { Text } from 'ink';
import type { Progress } from '../contract/operation.ts';
import type { Tone } from './theme.ts';

/** How far something is; a total that is not known gives an empty bar. */
export function Bar({ progress, width, tone }: { progress: Progress; width: number; tone: Tone }) {
  const share = progress.total ? Math.min(1, progress.done / progress.total) : 0;
  const filled = Math.floor(share * width);
  return (
    <Text>
      <Text color={tone}>{'█'.repeat(filled)}</Text>
      <Text dimColor>{'░'.repeat(width - filled)}</Text>
    </Text>
  );
}
