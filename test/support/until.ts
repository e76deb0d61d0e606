import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, never for a time. A condition that throws does not hold yet. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  explain: () => string = () => '',
  limitMs = 45_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  let failure: unknown = null;
  while (Date.now() < deadline) {
    try {
      if (await condition()) return;
    } catch (error) {
      failure = error;
    }
    await delay(25);
  }
  throw new Error(`The condition never held. ${explain()}`, { cause: failure });
}
