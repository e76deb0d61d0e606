// The daemon, with the worker program named in the first argument; without one, its own.
import { pathToFileURL } from 'node:url';
import { readEnvironment } from '../../src/config/environment.ts';
import { runDaemon } from '../../src/daemon/main.ts';

const [worker] = process.argv.slice(2);
process.exitCode = await runDaemon(
  readEnvironment(),
  worker === undefined ? {} : { workerUrl: pathToFileURL(worker) },
);
