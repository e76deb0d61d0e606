import { parentPort } from 'node:worker_threads';
import { evaluateRules, type RuleJob, type ThreadMessage } from './evaluate.ts';

/** The thread in which JSONata runs. It can be ended at any moment: nothing is kept or written here. */
const say = (message: ThreadMessage) => parentPort?.postMessage(message);

parentPort?.on('message', (job: RuleJob) => {
  void evaluateRules(job, (rule) => say({ type: 'began', rule })).then((result) =>
    say({ type: 'done', result }),
  );
});
say({ type: 'ready' });
