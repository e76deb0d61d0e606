import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../src/daemon/store/open.ts';
import { damageRootOf } from '../../support/damage-page.ts';
import { freshStore, newOperation, operationId, temporaryFile } from './home.ts';

describe('a damaged database', () => {
  test('is not opened, and the sentence says what helps', async () => {
    const file = temporaryFile();
    writeFileSync(file, 'no database at all '.repeat(1_000));
    await expect(openStore({ file })).rejects.toMatchObject({
      code: 'store-damaged',
      exit: 78,
      message: 'The database is damaged: file is not a database.',
      hint: expect.stringContaining('sfp-server restore FILE --replace'),
    });
  });

  test('says so at each request that meets the damage and in its probe, and answers the others', async () => {
    const first = await freshStore();
    for (let number = 1; number <= 50; number += 1) {
      await first.store.accept(newOperation(number, { input: { text: 'x'.repeat(20_000) } }), null);
    }
    await first.store.probe();
    await first.store.close();
    const { file } = first;
    const page = damageRootOf(file, 'events');
    expect(page).toBeGreaterThan(1);
    const { store } = await freshStore(file);
    expect(await store.getOperation('default', operationId(1))).toMatchObject({ state: 'queued' });
    const events = store.listEvents({ tenant: 'default', operation: null, org: null, afterSeq: 0, limit: 9 });
    await expect(events).rejects.toMatchObject({ code: 'store-damaged', status: 503 });
    await expect(store.accept(newOperation(60), null)).rejects.toMatchObject({ code: 'store-damaged' });
    expect(await store.getOperation('default', operationId(60))).toBeNull();
    await expect(store.probe()).rejects.toMatchObject({ code: 'store-damaged' });
    expect(await store.getOperation('default', operationId(1))).toMatchObject({ state: 'queued' });
  });
});
