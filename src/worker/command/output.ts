import type { Command } from '../../contract/command.ts';
import type { Progress } from '../../contract/operation.ts';
import type { Report } from '../work.ts';

const TAIL = { lines: 20, characters: 500 } as const;
/** Patterns of a declaration may take far more time than the line is long, and a program chooses the line. */
const PROGRESS_CHARACTERS = 1_000;
/** Colours and weights; whatever else an escape sequence may do is not for the reader's terminal. */
const COLOUR = /\u001b\[[0-9;]*m/g;
/** Whatever a terminal obeys (ECMA-48): strings up to their end, control sequences, and short ones. None looks at one place twice. */
const ESCAPE =
  /\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g;
/** All but a tab. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** What a program prints, on its way to people. */
export interface Output {
  /** Resolves once the line has left this process: who prints faster than that waits. */
  line(text: string, stream: 'stdout' | 'stderr'): Promise<void>;
  /** The program has ended: its last lines, masked and without colours. */
  tail(): readonly string[];
}

export function createOutput(
  report: Pick<Report, 'printed' | 'printedAll' | 'progress'>,
  command: Pick<Command, 'progress'>,
): Output {
  const patterns = command.progress.map(({ pattern, unit = '' }) => ({
    pattern: new RegExp(pattern, 'u'),
    unit,
  }));
  const tail: string[] = [];
  // Masked before it is cut or taken apart: of a secret that was cut nobody could say that it is one.
  const told = (masked: string): void => {
    tail.push(masked.slice(0, TAIL.characters));
    if (tail.length > TAIL.lines) tail.shift();
    for (const { pattern, unit } of patterns) {
      const progress = progressOf(pattern.exec(masked.slice(0, PROGRESS_CHARACTERS)), unit);
      if (progress !== null) report.progress(progress);
    }
  };
  return {
    async line(text, stream) {
      const plain = plainOf(text);
      if (plain.trim() === '') return;
      const coloured = colouredOf(text);
      const level = stream === 'stdout' ? 'info' : 'warn';
      await report.printed({ level, message: plain, ansi: coloured === plain ? null : coloured }, told);
    },
    tail() {
      report.printedAll();
      return tail;
    },
  };
}

function plainOf(text: string): string {
  return harmless(lastWritten(text)).trimEnd();
}

/** The colours of the text and nothing else that a terminal would obey. */
function colouredOf(text: string): string {
  const shown = lastWritten(text);
  const colours = shown.match(COLOUR) ?? [];
  const parts = shown.split(COLOUR).map((part, index) => `${harmless(part)}${colours[index] ?? ''}`);
  return parts.join('').trimEnd();
}

function harmless(text: string): string {
  return text.replace(ESCAPE, '').replace(CONTROL, '');
}

/** A bare carriage return begins the line anew; what stands last is what a person would see. */
function lastWritten(text: string): string {
  return text.split('\r').findLast((part) => part.trim() !== '') ?? '';
}

function progressOf(found: RegExpExecArray | null, unit: string): Progress | null {
  const { done, message, total } = found?.groups ?? {};
  const count = Number(done);
  if (done === undefined || !Number.isSafeInteger(count) || count < 0) return null;
  const all = Number(total);
  return {
    done: count,
    total: total !== undefined && Number.isSafeInteger(all) && all >= 0 ? all : null,
    unit,
    message: message ?? '',
  };
}
