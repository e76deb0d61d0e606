import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface Terminal {
  /** All that was written so far, without colours and cursor movements. */
  readonly text: () => string;
  press(keys: string): void;
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** One command on a terminal of 80 x 24 (`script` of util-linux makes one). */
export function openTerminal(words: readonly string[], home: string): Terminal {
  const command = [process.execPath, PROGRAM, ...words].map((word) => `'${word}'`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    ['-qefc', `stty cols 80 rows 24; exec ${command}`, '/dev/null'],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        TMPDIR: tmpdir(),
        SFP_SERVER_HOME: home,
        TERM: 'xterm-256color',
        COLORTERM: 'truecolor',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let written = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  child.stdin?.on('error', () => {});
  return {
    text: () => stripVTControlCharacters(written),
    press: (keys) => child.stdin?.write(keys),
    ended: new Promise((resolve) => child.once('close', resolve)),
    kill: () => child.kill('SIGKILL'),
  };
}
