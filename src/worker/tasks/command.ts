import { type AssignedCommand, CommandInput, type CommandResult } from '../../contract/command.ts';
import { fillWords } from '../../contract/command-words.ts';
import { AppError } from '../../contract/errors.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import { keepArtifacts } from '../command/artifacts.ts';
import { failedOutcome, limitOutcome, limitSentence, unknownOutcome } from '../command/outcome.ts';
import { createOutput, type Output } from '../command/output.ts';
import { type CommandPlace, makePlace } from '../command/place.ts';
import { type CommandSecrets, readSecrets } from '../command/secrets.ts';
import { LOGGED_IN, loginFailed, loginPlace, loginWords, sessionVariables } from '../command/sf-login.ts';
import { DEFAULT_API_VERSION } from '../salesforce/connection.ts';
import type { Org } from '../salesforce/org.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../sandbox/place.ts';
import { runSandboxed, type SandboxEnd } from '../sandbox/sandbox.ts';
import { withOrg } from '../session/with-org.ts';
import { endsOperation, Stopped } from '../stopped.ts';
import { readInput } from '../task-input.ts';
import { succeeded, type TaskWork } from '../work.ts';

/** The daemon ends an attempt when its time is over; this only has to come later. */
const LATEST_END_MS = 8 * 24 * 3_600_000;

/** One command on its way: what was declared, its words, where it runs and what it says. */
interface Run {
  readonly work: TaskWork;
  readonly assigned: AssignedCommand;
  readonly words: readonly string[];
  readonly secrets: CommandSecrets;
  readonly at: CommandPlace;
  readonly output: Output;
}

/** Runs a declared program in the sandbox. The org's session, where it works in one, lasts as long as the program. */
export async function command(work: TaskWork): Promise<Outcome> {
  const { command: assigned, input } = work.assignment;
  if (assigned === undefined)
    throw new AppError('unknown-command', 'The command came without its declaration.');
  const words = fillWords(assigned.command, readInput(CommandInput, input).with ?? {});
  const secrets = await readSecrets(work, assigned);
  const at = await makePlace(work, assigned, secrets.files);
  const output = createOutput(work.report, assigned.command);
  const run: Run = { work, assigned, words, secrets, at, output };
  if (!assigned.command.org) return runProgram(run, {});
  return withOrg(work, { version: DEFAULT_API_VERSION, signal: work.signal }, async (org) => {
    if (assigned.command.login === 'environment') return runProgram(run, sessionVariables(org));
    await logIn(run, org);
    return runProgram(run, LOGGED_IN);
  });
}

async function logIn({ work, at }: Run, org: Org): Promise<void> {
  await work.report.step('sf-login', 'Log the sf CLI in', async () => {
    const output = createOutput(work.report, { progress: [] });
    const place = loginPlace(at.place);
    const { exitCode } = await start({ work, at: { ...at, place }, output }, loginWords(org.instanceUrl), {
      env: { ...at.env, SF_ACCESS_TOKEN: org.accessToken() },
      network: true,
    });
    if (exitCode !== 0) throw loginFailed(exitCode, output.tail());
  });
}

async function runProgram(run: Run, session: Readonly<Record<string, string>>): Promise<Outcome> {
  const { work, assigned, words, secrets, at } = run;
  const { command: declared } = assigned;
  return work.report.step('run', declared.title, async (end) => {
    const since = performance.now();
    try {
      const options = { env: { ...at.env, ...secrets.env, ...session }, network: declared.network };
      const ended = await start(run, words, options);
      end.detail = `exit code ${ended.exitCode}`;
      const outcome = outcomeOf(declared, ended, await resultOf(run, ended, performance.now() - since));
      end.failed = outcome.state !== 'succeeded';
      return outcome;
    } catch (error) {
      // It was ended while it may have been changing something, and nobody can say how far it came.
      if (error instanceof Stopped && endsOperation(error.because) && mayHaveChanged(declared)) {
        end.failed = true;
        return unknownOutcome(declared, `it was ended before its end (${error.because})`);
      }
      throw error;
    }
  });
}

function start(
  { work, at, output }: Pick<Run, 'work' | 'at' | 'output'>,
  words: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly network: boolean },
): Promise<SandboxEnd> {
  return runSandboxed(words, at.place, {
    ...options,
    onLine: (line, stream) => output.line(line, stream),
    signal: work.signal,
    limits: { ...DEFAULT_SANDBOX_LIMITS, timeMs: LATEST_END_MS },
  });
}

async function resultOf(
  { work, assigned, at, output }: Run,
  { exitCode }: SandboxEnd,
  durationMs: number,
): Promise<CommandResult> {
  const { command: declared, artifacts: to } = assigned;
  const { artifacts, leftOut } =
    to === null
      ? { artifacts: [], leftOut: 0 }
      : await keepArtifacts(work, { from: at.place.directory, to, globs: declared.artifacts });
  return {
    command: declared.name,
    exitCode,
    durationMs: Math.round(durationMs),
    commitId: work.assignment.source?.commitId ?? null,
    outputTail: [...output.tail()],
    artifacts: [...artifacts],
    ...(leftOut === 0 ? {} : { artifactsLeftOut: leftOut }),
  };
}

function outcomeOf(declared: AssignedCommand['command'], ended: SandboxEnd, result: CommandResult): Outcome {
  const { exitCode, limit, signal } = ended;
  if (limit === null && declared.successExitCodes.includes(exitCode)) return succeeded({ ...result });
  if (mayHaveChanged(declared) && (limit ?? signal) !== null) {
    return unknownOutcome(declared, limit === null ? `it was ended by ${signal}` : limitSentence(limit));
  }
  if (limit !== null) return limitOutcome(declared, limit, result);
  return failedOutcome(declared, ended, result);
}

function mayHaveChanged({ org, onWorkerLoss }: AssignedCommand['command']): boolean {
  return org && onWorkerLoss === 'indeterminate';
}
