import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../contract/errors.ts';
import type { RuleJob, RuleResult, ThreadMessage } from './evaluate.ts';

/** Runs rules where an expression without an end can be ended: JSONata cannot be stopped from its own thread. */
export interface RuleMatcher {
  match(job: RuleJob): Promise<RuleResult>;
  stop(): Promise<void>;
}

/** The expressions of all rules that one delivery meets. */
const EVALUATION_LIMIT_MS = 1_000;
/** Starting the thread and reading a payload of the largest size, before the first expression. */
const PREPARATION_LIMIT_MS = 20_000;
const HEAP_MB = 64;
/** A parsed payload takes several times its text: a large one gets a thread of its own size, for once. */
const LARGE_BODY_BYTES = 2 * 1024 * 1024;
const LARGE_HEAP_MB = 512;

interface Thread {
  readonly worker: Worker;
  readonly heapMb: number;
}

export function createRuleMatcher(options: { readonly evaluationLimitMs?: number } = {}): RuleMatcher {
  const limitMs = options.evaluationLimitMs ?? EVALUATION_LIMIT_MS;
  let thread: Thread | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  const forget = (worker: Worker) => {
    if (thread?.worker === worker) thread = null;
  };

  const end = async () => {
    const ended = thread;
    thread = null;
    await ended?.worker.terminate();
  };

  const run = async (job: RuleJob): Promise<RuleResult> => {
    if (stopped) throw new AppError('shutting-down', 'The server is stopping.');
    const heapMb = job.body.byteLength > LARGE_BODY_BYTES ? LARGE_HEAP_MB : HEAP_MB;
    if (thread?.heapMb !== heapMb) await end();
    const current = thread ?? startThread(heapMb, forget);
    thread = current;
    try {
      return await converse(current, job, limitMs);
    } catch (error) {
      await end();
      if (error instanceof Overrun) return { kind: 'rule-failed', rule: error.rule, detail: error.message };
      throw stopped ? new AppError('shutting-down', 'The server is stopping.', { cause: error }) : error;
    }
  };

  return {
    match(job) {
      const result = last.then(async () => await run(job));
      last = result.catch(() => undefined);
      return result;
    },
    async stop() {
      stopped = true;
      await end();
      await last;
    },
  };
}

/** A rule that went past a limit of its thread. */
class Overrun extends Error {
  readonly rule: string | null;

  constructor(rule: string | null, detail: string) {
    super(detail);
    this.rule = rule;
  }
}

function startThread(heapMb: number, onExit: (worker: Worker) => void): Thread {
  const program = new URL(`./rules-thread${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(program, {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  worker.once('exit', () => onExit(worker));
  worker.on('error', () => undefined); // one that is being ended may still fail; a job has its own listener
  return { worker, heapMb };
}

/** One job, one result; whatever ends the thread first ends the job. */
async function converse({ worker, heapMb }: Thread, job: RuleJob, limitMs: number): Promise<RuleResult> {
  const body = new Uint8Array(job.body); // a copy of its own, so that it can be handed over
  const { promise, resolve, reject } = Promise.withResolvers<RuleResult>();
  let rule: string | null = null;
  let timer = setTimeout(
    () => reject(new Overrun(null, 'Reading the payload took too long.')),
    PREPARATION_LIMIT_MS,
  );

  const onMessage = (message: ThreadMessage) => {
    if (message.type === 'done') resolve(message.result);
    if (message.type !== 'began') return;
    if (rule === null) {
      clearTimeout(timer);
      timer = setTimeout(() => reject(new Overrun(rule, `Its expressions ran past ${limitMs} ms.`)), limitMs);
    }
    rule = message.rule;
  };
  const onError = (error: NodeJS.ErrnoException) =>
    reject(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? new Overrun(rule, `Its expressions needed more than ${heapMb} MB of memory.`)
        : error,
    );
  const onExit = () => reject(new Error('The thread of the rules ended without a result.'));

  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  try {
    worker.postMessage({ ...job, body }, [body.buffer]);
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
  }
}
