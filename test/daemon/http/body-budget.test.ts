import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createBodyBudget } from '../../../src/daemon/http/body-budget.ts';

const LIMIT = 1_000;

describe('bodies that nobody has vouched for', () => {
  it('come out as they went in', async () => {
    const body = new PassThrough();
    const read = createBodyBudget(LIMIT).read(body, LIMIT);
    body.write(Buffer.from([0, 255]));
    body.end(Buffer.from([128]));
    expect(await read).toEqual(Buffer.from([0, 255, 128]));
  });

  it('are refused one by one where they are larger than their route takes', async () => {
    const body = new PassThrough();
    const read = createBodyBudget(LIMIT).read(body, 10);
    body.write(Buffer.alloc(11));
    await expect(read).rejects.toMatchObject({ code: 'body-too-large' });
  });

  it('make room together: the one that has been unfinished longest has to go', async () => {
    const budget = createBodyBudget(LIMIT);
    const bodies = [new PassThrough(), new PassThrough(), new PassThrough()] as const;
    const reads = bodies.map((body) => budget.read(body, LIMIT));
    const refused = expect(reads[0]).rejects.toMatchObject({ code: 'too-busy', status: 503 });
    for (const body of bodies) body.write(Buffer.alloc(400));
    await refused;
    for (const body of bodies) body.end(Buffer.alloc(50));
    expect((await Promise.all(reads.slice(1))).map(({ length }) => length)).toEqual([450, 450]);
  });

  it('leave their room when they are read, or break off', async () => {
    const budget = createBodyBudget(LIMIT);
    for (let round = 0; round < 5; round += 1) {
      const whole = new PassThrough();
      const broken = new PassThrough();
      const reads = [budget.read(whole, LIMIT), budget.read(broken, LIMIT)] as const;
      const refused = expect(reads[1]).rejects.toMatchObject({ code: 'invalid-request' });
      whole.end(Buffer.alloc(450));
      broken.write(Buffer.alloc(450));
      expect(await reads[0]).toHaveLength(450);
      broken.destroy();
      await refused;
    }
  });
});
