import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { programPath } from '../src/config/program-path.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxPlace } from '../src/worker/sandbox/place.ts';
import { runSandboxed } from '../src/worker/sandbox/sandbox.ts';
import { type Figure, figure, median, percentile, round } from './figure.ts';

const WARM_UP = 5;

/** What the sandbox adds to a program, from the call until nothing of it is left. */
export async function benchSandbox(runs: number): Promise<readonly Figure[]> {
  const workspace = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  mkdirSync(join(workspace, 'home'));
  const bubblewrap = programPath('bwrap');
  if (bubblewrap === null) throw new Error('This bench needs bubblewrap: apt-get install bubblewrap.');
  try {
    const inside: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < WARM_UP + runs; run += 1) {
      const took = [await time(workspace, bubblewrap), await time(workspace, null)] as const;
      if (run < WARM_UP) continue;
      inside.push(took[0]);
      bare.push(took[1]);
    }
    const added = (share: number) => round(percentile(inside, share) - percentile(bare, share));
    return [
      figure({
        name: 'the sandbox adds to a program, p50',
        value: added(0.5),
        unit: 'ms',
        baseline: { name: 'without it', value: round(median(bare)) },
        method: `${runs} times in turns, one at a time: runSandboxed of the program "true", with all namespaces, no network, all mounts, limits and a private file, until its end; against the same call on a machine without bubblewrap; p90 adds ${added(0.9)} ms`,
      }),
    ];
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

async function time(workspace: string, bubblewrap: string | null): Promise<number> {
  const place: SandboxPlace = {
    workspace,
    home: { directory: join(workspace, 'home'), kept: false },
    files: { 'session.json': '{}' },
    directory: workspace,
    source: null,
    tools: [dirname(process.execPath)],
    machine: { bubblewrap, marker: 'bench', environment: {} },
  };
  const from = performance.now();
  await runSandboxed(['true'], place, {
    onLine: () => undefined,
    signal: new AbortController().signal,
    env: { PATH: '/usr/bin:/bin', HOME: place.home.directory },
    network: false,
    limits: DEFAULT_SANDBOX_LIMITS,
  });
  return performance.now() - from;
}
