import { type ChildProcess, fork } from 'node:child_process';
import { AppError } from '../../contract/errors.ts';
import { programUrl } from '../../contract/programs.ts';
import type { RuleJob, RuleResult, RulesMessage } from './evaluate.ts';

/** Runs rules where an expression without an end can be ended: JSONata cannot be stopped from its own thread. */
export interface RuleMatcher {
  match(job: RuleJob): Promise<RuleResult>;
  stop(): Promise<void>;
}

/** For the expressions of all rules that one delivery meets. */
const EVALUATION_LIMIT_MS = 1_000;
/** For starting the process and reading a payload of the largest size, before the first expression. */
const PREPARATION_LIMIT_MS = 20_000;
const HEAP_MB = 64;
/** A parsed payload takes several times its text: a large one gets a process of its own size, for once. */
const LARGE_BODY_BYTES = 2 * 1024 * 1024;
const LARGE_HEAP_MB = 512;

interface RulesProcess {
  readonly child: ChildProcess;
  readonly heapMb: number;
  readonly exited: Promise<void>;
}

/** One delivery at a time; the process serves many, until one of them has to be ended. */
export function createRuleMatcher(): RuleMatcher {
  let current: RulesProcess | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;

  const end = async () => {
    const ended = current;
    current = null;
    ended?.child.kill('SIGKILL');
    await ended?.exited;
  };

  const run = async (job: RuleJob): Promise<RuleResult> => {
    if (stopped) throw stopping();
    const heapMb = job.body.byteLength > LARGE_BODY_BYTES ? LARGE_HEAP_MB : HEAP_MB;
    if (current?.heapMb !== heapMb || !current.child.connected) await end();
    current ??= startProcess(heapMb);
    try {
      return await converse(current, job);
    } catch (error) {
      await end();
      if (stopped) throw stopping();
      if (error instanceof Overrun) return { kind: 'rule-failed', rule: error.rule, detail: error.message };
      throw error;
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

/** A rule that went past a limit of its process. */
class Overrun extends Error {
  readonly rule: string | null;

  constructor(rule: string | null, detail: string) {
    super(detail);
    this.rule = rule;
  }
}

function stopping(): AppError {
  return new AppError('shutting-down', 'The server is stopping.');
}

function startProcess(heapMb: number): RulesProcess {
  const child = fork(programUrl(import.meta.url, 'daemon/hooks/rules-process'), [`${process.pid}`], {
    env: {},
    execArgv: [`--max-old-space-size=${heapMb}`, '--disable-sigusr1'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const { promise: exited, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  // one that could not be started never exits; whoever waits for its answer hears of it there
  child.on('error', () => child.pid === undefined && resolve());
  return { child, heapMb, exited };
}

/** One job, one result; whatever ends the process first ends the job. */
async function converse({ child, heapMb }: RulesProcess, job: RuleJob): Promise<RuleResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RuleResult>();
  let rule: string | null = null;
  const overrun = (detail: string) => reject(new Overrun(rule, detail));
  let timer = setTimeout(overrun, PREPARATION_LIMIT_MS, 'Reading the payload took too long.');

  const onMessage = (message: RulesMessage) => {
    if (message.type === 'done') return resolve(message.result);
    if (rule === null) {
      clearTimeout(timer);
      timer = setTimeout(overrun, EVALUATION_LIMIT_MS, `Its expressions ran past ${EVALUATION_LIMIT_MS} ms.`);
    }
    rule = message.rule;
  };
  const onExit = (code: number | null) =>
    code === null // V8 aborts at its heap limit
      ? overrun(`Its expressions needed more than ${heapMb} MB of memory.`)
      : reject(new Error(`The process of the rules ended with exit code ${code}.`));

  child.on('message', onMessage).on('error', reject).on('exit', onExit);
  try {
    child.send(job, (error) => error !== null && reject(error));
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', onMessage).off('error', reject).off('exit', onExit);
  }
}
