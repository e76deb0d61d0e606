import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;

/** The throw-away place where it all happens, and how it is cleared, last thing first. */
export interface Stage {
  readonly directory: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  say(line: string): void;
  /** Runs a command of the real CLI and answers what it printed. */
  sfpServer(...words: readonly string[]): Promise<string>;
  command(...words: readonly string[]): readonly [program: string, words: readonly string[]];
  /** Aborted when a person ends the play; everything that runs in the foreground then ends. */
  readonly signal: AbortSignal;
  abort(why: string): void;
  endOnAbort(child: ChildProcess): void;
  onClear(undo: () => Promise<void> | void): void;
  /** Safe to call twice. */
  clear(): Promise<void>;
}

export function createStage({ say }: { readonly say: (line: string) => void }): Stage {
  // Short: the sockets of the home have 107 bytes for their whole path.
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-qs-')));
  const home = join(directory, 'home');
  const environment = cleanEnvironment(home);
  const undone = [
    () => rmSync(directory, { recursive: true, force: true }),
  ] as (() => Promise<void> | void)[];
  const command: Stage['command'] = (...words) => [process.execPath, [join(ROOT, 'bin/run.js'), ...words]];
  const aborting = new AbortController();
  const { signal } = aborting;
  let clearing: Promise<void> | null = null;

  const endOnAbort = (child: ChildProcess) => {
    const kill = () => child.kill();
    signal.addEventListener('abort', kill, { once: true });
    child.once('exit', () => signal.removeEventListener('abort', kill));
  };
  const undoAll = async () => {
    for (let undo = undone.pop(); undo !== undefined; undo = undone.pop()) {
      try {
        await undo();
      } catch (error) {
        say(`Clearing up: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  return {
    directory,
    home,
    environment,
    say,
    command,
    sfpServer(...words) {
      signal.throwIfAborted();
      const [program, flags] = command(...words);
      return new Promise((resolve, reject) => {
        const child = execFile(program, flags, { env: environment }, (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`sfp-server ${words.join(' ')}\n${stdout}${stderr}`));
        });
        endOnAbort(child);
      });
    },
    signal,
    abort: (why) => aborting.abort(new Error(why)),
    endOnAbort,
    onClear: (undo) => void undone.push(undo),
    clear() {
      clearing ??= undoAll();
      return clearing;
    },
  };
}

/** What the caller has set for another server must not reach this one. */
function cleanEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('SFP_SERVER_'));
  return { ...Object.fromEntries(kept), SFP_SERVER_HOME: home };
}
