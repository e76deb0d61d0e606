// The daemon as it is published, with the worker program named in the first argument; without one, its own.
import { pathToFileURL } from 'node:url';
import { readEnvironment } from '../../dist/config/environment.js';
import { runDaemon } from '../../dist/daemon/main.js';

const [worker] = process.argv.slice(2);
process.exitCode = await runDaemon(
  readEnvironment(),
  worker === undefined ? {} : { workerUrl: pathToFileURL(worker) },
);
