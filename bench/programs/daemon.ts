// The daemon as it is published, with the worker program named in the first argument; without one, its own. Over its channel it says
// how long its event loop made timers wait, and how much memory it has.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { readEnvironment } from '../../src/config/environment.ts';
import { runDaemon } from '../../src/daemon/main.ts';
import type { Probe } from '../daemon.ts';

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
process.on('message', (ask) => {
  if (ask === 'begin') delay.enable();
  if (ask === 'begin') delay.reset();
  if (ask !== 'report') return;
  const lagP99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
  const probe: Probe = { lagP99Ms, rssBytes: process.memoryUsage.rss() };
  process.send?.(probe);
});

const [worker] = process.argv.slice(2);
process.exitCode = await runDaemon(
  readEnvironment(),
  worker === undefined ? {} : { workerUrl: pathToFileURL(worker) },
);
delay.disable();
if (process.connected) process.disconnect();
