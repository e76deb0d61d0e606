import { Worker } from 'node:worker_threads';
import { evaluateRules, type RuleJob, type RulesMessage } from './evaluate.ts';

/**
 * The process in which JSONata runs. It can be ended at any moment: nothing is kept or written here.
 * It is no thread of the daemon, because one allocation past a thread's heap limit ends the whole process.
 */
const say = (message: RulesMessage) => process.send?.(message);

process.on('message', (job: RuleJob) => {
  void evaluateRules(job, (rule) => say({ type: 'began', rule })).then((result) =>
    say({ type: 'done', result }),
  );
});
process.on('disconnect', () => process.exit());
// a terminal and systemd signal the whole group; the daemon decides when this one ends
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

/**
 * A busy expression would not notice that its daemon was killed, so a thread beside it looks. The daemon says who it is:
 * asked for here, the parent of a process whose daemon has died already would be whoever took it over.
 */
const watch = `
  const daemon = require('node:worker_threads').workerData;
  setInterval(() => process.ppid !== daemon && process.kill(process.pid, 'SIGKILL'), 500);
`;
new Worker(watch, {
  eval: true,
  env: {},
  workerData: Number(process.argv[2]),
  resourceLimits: { maxOldGenerationSizeMb: 8 },
}).unref();
