import { stripVTControlCharacters } from 'node:util';
import type { Command } from '../../contract/command.ts';
import type { Progress } from '../../contract/operation.ts';
import type { Report } from '../work.ts';

const TAIL = { lines: 20, characters: 500 } as const;
/** Colours and weights; whatever else an escape sequence may do is not for the reader's terminal. */
const COLOUR = /\u001b\[[0-9;]*m/g;
/** All but a tab. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** What a program prints, on its way to people. */
export interface Output {
  /** Resolves once the line has left this process: who prints faster than that waits. */
  line(text: string, stream: 'stdout' | 'stderr'): Promise<void>;
  /** The last lines, without colours. */
  tail(): readonly string[];
}

export function createOutput(
  report: Pick<Report, 'printed' | 'progress'>,
  command: Pick<Command, 'progress'>,
): Output {
  const patterns = command.progress.map(({ pattern, unit = '' }) => ({
    pattern: new RegExp(pattern, 'u'),
    unit,
  }));
  const tail: string[] = [];
  return {
    async line(text, stream) {
      const plain = plainOf(text);
      if (plain.trim() === '') return;
      tail.push(plain.slice(0, TAIL.characters));
      if (tail.length > TAIL.lines) tail.shift();
      for (const { pattern, unit } of patterns) {
        const progress = progressOf(pattern.exec(plain), unit);
        if (progress !== null) report.progress(progress);
      }
      const coloured = colouredOf(text);
      await report.printed({
        level: stream === 'stdout' ? 'info' : 'warn',
        message: plain,
        ansi: coloured === plain ? null : coloured,
      });
    },
    tail: () => tail,
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
  return stripVTControlCharacters(text).replace(CONTROL, '');
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
