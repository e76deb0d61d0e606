import { registerLogin, startTestServer } from '../../test/support/server.ts';
import { FINDINGS, type FindingKind } from './audit.ts';
import { startOrgs } from './orgs.ts';
import { ALIASES, planRound } from './plan.ts';
import { type Round, runRound } from './round.ts';
import { createSources, REPO } from './sources.ts';

export interface TortureOptions {
  readonly seed: number;
  readonly rounds: number;
  /** The first round; a later one replays that round alone. */
  readonly from: number;
  readonly say: (line: string) => void;
  /** Ends it after the round that is under way. */
  readonly signal?: AbortSignal;
}

export interface TortureReport extends Record<FindingKind, number> {
  readonly seed: number;
  readonly rounds: number;
  readonly accepted: number;
  readonly kills: number;
  readonly finals: Readonly<Record<string, number>>;
  readonly unknowable: number;
  /** Crash to running again: from the new daemon's exec to the first poll of a deployment that it found. */
  readonly recoveryMs: {
    readonly measured: number;
    readonly p50: number | null;
    readonly max: number | null;
  };
}

/** Breaks a real server again and again, and compares afterwards what everybody knows. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { seed, rounds, from, say } = options;
  const orgs = await startOrgs(ALIASES);
  const sources = createSources();
  const server = await startTestServer({
    configuration: { directories: [sources.root], repos: { [REPO]: { url: sources.repository } } },
  });
  const done: Round[] = [];
  try {
    for (const org of orgs.addresses) await registerLogin(server, org, org.alias);
    await server.stop();
    for (let round = from; round < from + rounds && options.signal?.aborted !== true; round += 1) {
      const printed = server.output().length;
      const explain = (): void => {
        say(server.output().slice(printed));
        say(`  replay: npm run torture -- --seed ${seed} --from ${round} --rounds 1`);
      };
      const result = await runRound({ server, orgs, sources }, planRound(seed, round)).catch((error) => {
        explain();
        throw error;
      });
      done.push(result);
      say(
        `round ${round}: ${result.accepted} accepted, ${result.killed} killed, ${JSON.stringify(result.finals)}`,
      );
      for (const { kind, what } of result.findings) say(`  ${kind}: ${what}`);
      if (result.findings.length > 0) explain();
    }
    return reportOf(options, done);
  } finally {
    await server.remove();
    await orgs.stop();
    sources.remove();
  }
}

function reportOf({ seed }: TortureOptions, done: readonly Round[]): TortureReport {
  const findings = done.flatMap((round) => round.findings);
  const counts = FINDINGS.map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]);
  const recoveries = done.flatMap(({ recoveriesMs }) => recoveriesMs).sort((one, other) => one - other);
  const finals: Record<string, number> = {};
  for (const round of done) {
    for (const [state, count] of Object.entries(round.finals)) finals[state] = (finals[state] ?? 0) + count;
  }
  const sum = (count: (round: Round) => number): number =>
    done.reduce((total, round) => total + count(round), 0);
  return {
    seed,
    rounds: done.length,
    accepted: sum(({ accepted }) => accepted),
    kills: sum(({ killed }) => killed),
    ...(Object.fromEntries(counts) as Record<FindingKind, number>),
    finals,
    unknowable: sum(({ unknowable }) => unknowable),
    recoveryMs: {
      measured: recoveries.length,
      p50: recoveries[Math.floor(recoveries.length / 2)] ?? null,
      max: recoveries.at(-1) ?? null,
    },
  };
}
