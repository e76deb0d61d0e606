import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { AssignedCommand } from '../../../src/contract/command.ts';
import type { CommandDeclaration } from '../../../src/contract/command-declaration.ts';
import { declaredCommand } from '../../../src/contract/declared-command.ts';
import type { Outcome, ReportBody } from '../../../src/contract/worker-protocol.ts';
import { type BenchWorker, createBench, type WorkerBench } from '../worker-bench.ts';

export type Line = Extract<ReportBody, { kind: 'log' }>;

export interface Given {
  readonly with?: Record<string, unknown>;
  /** Source code. */
  readonly files?: Readonly<Record<string, string>>;
  /** Programs on its PATH: what a shell runs. */
  readonly programs?: Readonly<Record<string, string>>;
}

export interface Ran {
  readonly worker: BenchWorker;
  readonly outcome: Outcome | null;
  readonly lines: readonly Line[];
}

export interface CommandSetting {
  readonly bench: () => WorkerBench;
  start(declaration: CommandDeclaration, given?: Given): Promise<BenchWorker>;
  run(declaration: CommandDeclaration, given?: Given): Promise<Ran>;
}

/** A bench for each test of a file, on which a declaration becomes a worker. */
export function setUpCommands(): CommandSetting {
  let bench: WorkerBench;
  beforeEach(() => {
    bench = createBench();
  });
  afterEach(() => bench.remove());
  const start: CommandSetting['start'] = (declaration, given = {}) => {
    const command = declaredCommand('probe', declaration);
    const source = join(bench.workspace, 'source');
    for (const [name, text] of Object.entries(given.files ?? {})) write(join(source, name), text);
    const tool = join(bench.directory, 'tool');
    for (const [name, script] of Object.entries(given.programs ?? {}))
      write(join(tool, 'bin', name), `#!/bin/sh\n${script}\n`);
    const artifacts = command.artifacts.length === 0 ? null : join(bench.directory, 'kept');
    if (artifacts !== null) mkdirSync(artifacts);
    const assigned: AssignedCommand = {
      command,
      secrets: Object.entries(command.secrets).map(([name, place]) => ({
        account: `secret/default/${name}`,
        place,
      })),
      tools: given.programs ? [{ name: 'tool', directory: tool }] : [],
      env: {},
      artifacts,
    };
    return bench.start({
      task: 'command',
      input: { command: 'probe', ...(given.with ? { with: given.with } : {}) },
      command: assigned,
      ...(command.org ? {} : { org: null }),
      ...(given.files ? { fetched: { directory: source, commitId: 'c0ffee' } } : {}),
    });
  };
  const run: CommandSetting['run'] = async (declaration, given) => {
    const worker = await start(declaration, given);
    const { outcome } = await worker.ended;
    return { worker, outcome, lines: linesOf(worker.reports) };
  };
  return { bench: () => bench, start, run };
}

/** A command of one line of shell, which is what is declared here and nothing that a request says. */
export const shell = (script: string, more: CommandDeclaration = {}): CommandDeclaration => ({
  ...more,
  run: ['sh', '-c', script],
});

export const linesOf = (reports: readonly ReportBody[]): readonly Line[] =>
  reports.filter((body): body is Line => body.kind === 'log');

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o755 });
}
