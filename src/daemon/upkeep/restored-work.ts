import { isTaskKind, taskDefinition } from '../../contract/tasks.ts';
import { errorOf, lossPolicy } from '../operations/settle-loss.ts';
import type { Fate, UnfinishedWork } from '../store/restored-database.ts';

/**
 * What becomes of work that had not ended when the backup was made. The server went on after that moment, and nobody knows how
 * far, so nothing is sent of which nobody knows whether it was sent:
 *
 * - what may be done twice (a query) goes on;
 * - what had a checkpoint goes on: its next attempt follows what was sent, and sends nothing;
 * - what waits for a time to come goes on: it cannot have run;
 * - other waiting work is cancelled, and a person retries what is still wanted;
 * - other work that ran is `indeterminate`.
 */
export function fateOf(work: UnfinishedWork, now: Date): Fate {
  const repeatable = !isTaskKind(work.task) || lossPolicy(taskDefinition(work.task), work) === 'retry';
  const followed = work.checkpoint !== null && work.checkpoint !== '{}';
  if (repeatable || followed) return 'stays';
  if (work.state === 'running') {
    const message = `The server was restored from a backup that was made during attempt ${work.attempt}; what became of it is not known.`;
    return { to: 'indeterminate', error: errorOf('deploy-unknown', message), result: null };
  }
  const toCome = work.state === 'scheduled' && work.attempt === 0 && isAfter(work.scheduledFor, now);
  return toCome ? 'stays' : 'cancelled';
}

function isAfter(time: string | null, now: Date): boolean {
  return time !== null && Date.parse(time) > now.getTime();
}
