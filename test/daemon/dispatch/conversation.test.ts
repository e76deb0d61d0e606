import { expect, test } from 'vitest';
import { type ConversationParts, createConversation } from '../../../src/daemon/dispatch/conversation.ts';

const ACCOUNT = 'org/default/uat';
const LIMIT = 64;

function conversation(answer: ConversationParts['answer']) {
  const answered: number[] = [];
  const told = createConversation({
    attempt: 1,
    send: (message) => message.type === 'answer' && answered.push(message.id),
    record: async () => true,
    answer,
    check: () => null,
  });
  const ask = (id: number): void =>
    told.receive({ type: 'ask', attempt: 1, id, body: { kind: 'session-lock', account: ACCOUNT } });
  return { ...told, answered, ask };
}

const waitsForEver = () => new Promise<never>(() => {});

test('a worker that asks on and on without waiting for an answer breaks the protocol', async () => {
  const { ask, over } = conversation(waitsForEver);
  for (let id = 1; id <= LIMIT + 1; id += 1) ask(id);
  expect(await over).toMatchObject({
    kind: 'violation',
    error: {
      code: 'worker-protocol',
      message: 'The worker asked more than 64 times without waiting for an answer.',
    },
  });
});

test('a worker that waits for its answers may ask as often as it likes', async () => {
  const { answered, ask, close } = conversation(async () => ({ ok: true, revoke: false }) as never);
  for (let id = 1; id <= 3 * LIMIT; id += 1) {
    ask(id);
    await expect.poll(() => answered.at(-1)).toBe(id);
  }
  expect(await close()).toBeNull();
});
