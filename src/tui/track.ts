import type { Progress } from '../contract/operation.ts';

/** One counted thing (components, then tests), with enough of its past to know its rate. */
export interface Track {
  readonly progress: Progress;
  readonly samples: readonly { readonly at: number; readonly done: number }[];
}

const SAMPLE_LIMIT = 60;
const RATE_WINDOW_MS = 30_000;

export function withProgress(tracks: readonly Track[], progress: Progress, at: number): readonly Track[] {
  const index = tracks.findIndex((track) => track.progress.unit === progress.unit);
  const before = tracks[index];
  const restarted = before !== undefined && progress.done < before.progress.done;
  const kept = (restarted ? [] : (before?.samples ?? [])).filter(
    (sample) => at - sample.at <= RATE_WINDOW_MS,
  );
  const track = { progress, samples: [...kept, { at, done: progress.done }].slice(-SAMPLE_LIMIT) };
  return index === -1 ? [...tracks, track] : tracks.with(index, track);
}

/** Per second, over the last half minute; null while there is nothing to divide. */
export function rateOf(track: Track): number | null {
  const [first, last] = [track.samples[0], track.samples.at(-1)];
  if (!first || !last || last.at - first.at < 1_000 || last.done <= first.done) return null;
  return ((last.done - first.done) * 1000) / (last.at - first.at);
}
