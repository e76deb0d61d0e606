import { CHECKPOINT_LIMIT_BYTES } from '../../contract/limits.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { AskBody } from '../../contract/worker-protocol.ts';
import type { Answer } from './conversation.ts';
import type { SessionArbitration } from './session-arbitration.ts';

export interface Answering {
  /** The worker's name in the arbitration: its marker. */
  readonly worker: string;
  readonly arbitration: SessionArbitration;
  /** The only login that this worker was handed; null: none. */
  readonly account: string | null;
  /** False: the attempt is no longer current. */
  readonly recordCheckpoint: (checkpoint: JsonObject) => Promise<boolean>;
}

/** Answers one question of a worker. */
export async function answer(parts: Answering, ask: AskBody): Promise<Answer> {
  if (ask.kind === 'checkpoint') return answerCheckpoint(parts, ask.checkpoint);
  if (ask.account !== parts.account)
    return refusal(`The login ${ask.account} is not part of this assignment.`);
  switch (ask.kind) {
    case 'session-lock':
      return (await parts.arbitration.lock(parts.worker, ask.account))
        ? consent(false)
        : refusal('The worker has ended.');
    case 'session-begin':
      parts.arbitration.begin(parts.worker, ask.account);
      return consent(false);
    case 'session-end':
      return consent(parts.arbitration.end(parts.worker, ask.account).revoke);
  }
}

async function answerCheckpoint(parts: Answering, checkpoint: JsonObject): Promise<Answer> {
  const bytes = Buffer.byteLength(JSON.stringify(checkpoint));
  if (bytes > CHECKPOINT_LIMIT_BYTES) {
    return refusal(`The checkpoint has ${bytes} bytes, and ${CHECKPOINT_LIMIT_BYTES} are allowed.`);
  }
  try {
    const current = await parts.recordCheckpoint(checkpoint);
    return current ? consent(false) : refusal('The attempt is no longer current.');
  } catch {
    return refusal('The checkpoint could not be stored.');
  }
}

function consent(revoke: boolean): Answer {
  return { ok: true, revoke };
}

function refusal(detail: string): Answer {
  return { ok: false, detail };
}
