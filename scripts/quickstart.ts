import { arrange, build } from './quickstart/arrange.ts';
import { explain, explainFailure, type Report } from './quickstart/explain.ts';
import { createStage, type Stage } from './quickstart/stage.ts';
import { startServer } from './quickstart/start-server.ts';
import { watch } from './quickstart/watch.ts';
import { sendPush } from './quickstart/webhook.ts';

/**
 * `npm run quickstart`: the whole way of a signed webhook to a finished deployment, in a throw-away home and against a
 * local stand-in for a Salesforce org. Exit 0 only when the operation succeeded; nothing is left running or lying about.
 * With `--json` the last line of standard output is a report for programs; `--no-build` takes `dist/` as it is.
 */
const asJson = process.argv.includes('--json');
const stage = createStage({ say: asJson ? console.error : console.log });

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stage.abort(`Ended by ${name}.`));

try {
  const report = await play(stage);
  await stage.clear();
  if (asJson) console.log(JSON.stringify(report));
  else explain(report, stage.say);
  process.exitCode = report.operation.state === 'succeeded' ? 0 : 1;
} catch (error) {
  explainFailure(stage.signal.aborted ? stage.signal.reason : error, stage.say);
  await stage.clear();
  process.exitCode = 1;
}

async function play(stage: Stage): Promise<Report> {
  if (!process.argv.includes('--no-build')) build(stage);
  const scene = await arrange(stage, { deploymentMs: asJson ? 2_000 : 8_000 });
  const server = await startServer(stage, scene);
  // That of the login's check, which ends by itself.
  const before = scene.org.liveSessions();
  stage.say(`Sending the signed webhook of the push to ${server.hookUrl} …`);
  const receipt = await sendPush(server, scene);
  const { operation, eventsReceived } = await watch(stage, server, {
    operationId: receipt.operationId,
    live: !asJson,
  });
  return {
    operation,
    edge: server.edge,
    vault: server.vault,
    home: stage.home,
    eventsReceived,
    deliveryId: receipt.deliveryId,
    hookStatus: receipt.status,
    hookUrl: server.hookUrl,
    pushedCommit: scene.commitId,
    deployRequests: scene.org.calls.deploy,
    liveSessions: scene.org.liveSessions() - before,
  };
}
