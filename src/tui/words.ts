import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import type { Lock } from '../contract/lock.ts';
import type { Operation, Progress, Resolution, WaitingFor } from '../contract/operation.ts';
import type { Pause } from '../contract/pause.ts';
import type { WindowState } from '../contract/window.ts';

/** `0.4s`, `42s`, `3m 07s`, `2h 05m`, `3d 4h`. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (hours < 1) return `${minutes}m ${two(Math.floor(seconds % 60))}s`;
  return days < 1 ? `${hours}h ${two(minutes % 60)}m` : `${days}d ${hours % 24}h`;
}

/** The time of day where the reader is. */
export function clockWords(time: string): string {
  const at = new Date(time);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Date and time where the reader is, with the zone's offset. */
export function localTime(time: string): string {
  const text = new Date(time).toLocaleString('sv-SE', { timeZoneName: 'shortOffset' });
  return text.replace(/GMT([+-]0)?$/, 'UTC');
}

/** A moment in a list: of today its time, of another day also the date. */
export function momentWords(time: string, now: number): string {
  const at = new Date(time);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return isToday(at, now) ? clock : `${at.toLocaleDateString('sv-SE')} ${clock}`;
}

/** `in 4d 7h (2026-12-01 02:00)`; of today with the seconds, which tell how soon. */
export function untilWords(time: string, now: number): string {
  const left = Date.parse(time) - now;
  if (left <= 0) return 'due now';
  const when = isToday(new Date(time), now) ? clockWords(time) : momentWords(time, now);
  return `in ${durationWords(left)} (${when})`;
}

function isToday(at: Date, now: number): boolean {
  return at.toDateString() === new Date(now).toDateString();
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}

/** From its first attempt to its end; null before it has started. */
export function elapsedMs(
  operation: Pick<Operation, 'startedAt' | 'finishedAt'>,
  now: number,
): number | null {
  if (operation.startedAt === null) return null;
  const end = operation.finishedAt === null ? now : Date.parse(operation.finishedAt);
  return Math.max(0, end - Date.parse(operation.startedAt));
}

/** Why it waits, as a sentence goes on after "it …". */
export function waitingWords(waitingFor: WaitingFor, org: string | null, now: number): string {
  const { reason, operation, place, until, note } = waitingFor;
  const due = until === undefined ? '' : dueWords(until, now);
  switch (reason) {
    case 'org': {
      const behind = operation ? ` behind ${operation}` : '';
      return `waits${behind}${org ? ` in lane ${org}` : ''}${place ? `, place ${place}` : ''}`;
    }
    case 'schedule':
      return `is scheduled${due}`;
    case 'retry':
      return `waits for its next attempt${due}`;
    case 'capacity':
      return 'waits for a free worker';
    case 'lock':
      return `waits behind the lock of ${oneLine(waitingFor.by ?? '')}${note ? `: ${oneLine(note)}` : ''}`;
    case 'pool':
      return `waits for an org of its pool${place ? `, place ${place}` : ''}${note ? ` (${oneLine(note)})` : ''}`;
    case 'window':
      return `waits until its org opens${due}${note ? ` (${oneLine(note)})` : ''}`;
    case 'credential':
      return `waits: ${refusedWords(waitingFor.login ?? org ?? '', note ?? null)}`;
    case 'paused':
      return pausedWaitWords(waitingFor);
  }
}

function pausedWaitWords({ scope, by, note, operation }: WaitingFor): string {
  const what = scope === 'server' ? 'the server is' : 'its lane is';
  return `waits: ${what} ${pauseWords({ by: by ?? '', reason: note ?? null, operation: operation ?? null })}`;
}

/** `the org refuses the login of uat (invalid_grant, …); log in again: sfp-server org login`. */
function refusedWords(alias: string, note: string | null): string {
  const why = note === null ? '' : ` (${oneLine(note)})`;
  return `the org refuses the login of ${alias}${why}; log in again: sfp-server org login`;
}

/** `a lock of ann, held: nightly`, as a sentence goes on after "it has …". */
export function lockWords({ by, state, note }: Pick<Lock, 'by' | 'state' | 'note'>): string {
  return `a lock of ${oneLine(by)}, ${state}${note === null ? '' : `: ${oneLine(note)}`}`;
}

/** `paused by ann: release`, or until when; as a sentence goes on after "it is …". */
export function pauseWords(pause: Pick<Pause, 'by' | 'reason' | 'operation' | 'login'>): string {
  const { by, reason, operation, login } = pause;
  if (login !== undefined) return `paused: ${refusedWords(login, reason)}`;
  if (operation !== null) return `paused until ${operation} is resolved: it ended indeterminate`;
  return `paused by ${oneLine(by)}${reason === null ? '' : `: ${oneLine(reason)}`}`;
}

/** `resolved as succeeded by ann: it is in the org`. */
export function resolutionWords({ as, by, note }: Resolution): string {
  return `resolved as ${as} by ${oneLine(by)}: ${oneLine(note)}`;
}

/** `closed to deployments until 2026-… (freeze: audit)`, as a sentence goes on after "it is …". */
export function windowWords({ open, closedTo, until, note }: WindowState): string {
  const end = until === null ? '' : ` until ${localTime(until)}`;
  if (open) return `open${end}`;
  const what = closedTo === 'all' ? 'all work' : 'exclusive work such as deployments';
  return `closed to ${what}${end}${note === null ? '' : ` (${oneLine(note)})`}`;
}

function dueWords(until: string, now: number): string {
  const words = untilWords(until, now);
  return words.startsWith('in ') ? ` ${words}` : `, ${words}`;
}

/** `120/967 components`. */
export function countWords(progress: Pick<Progress, 'done' | 'total' | 'unit'>): string {
  const { done, total, unit } = progress;
  return `${done}${total === null ? '' : `/${total}`} ${unit}`.trim();
}

/** `salesforce.deploy → uat`. */
export function workWords(operation: Pick<Operation, 'task' | 'org' | 'pool'>): string {
  const { task, org, pool } = operation;
  const where = org ?? (pool === null ? null : `${pool} (pool)`);
  return where === null ? task : `${task} → ${where}`;
}

export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Foreign text for one line of a terminal: no escape sequence of it reaches the reader's screen. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim();
}

/** What a program printed, as it stood there: indented, and aligned by spaces and tabs. */
export function printedLine(text: string): string {
  return inColumns(stripVTControlCharacters(text), 0).trimEnd();
}

/** The same with its colours, which end with it; nothing else of it is obeyed. */
export function colouredLine(text: string): string {
  const colours = text.match(COLOUR) ?? [];
  if (colours.length === 0) return printedLine(text);
  let columns = 0;
  const parts = text.split(COLOUR).map((part, index) => {
    const plain = inColumns(stripVTControlCharacters(part), columns);
    columns += stringWidth(plain);
    return `${plain}${colours[index] ?? ''}`;
  });
  return `${parts.join('').trimEnd()}\u001b[0m`;
}

const COLOUR = /\u001b\[[0-9;]*m/g;
const TAB_COLUMNS = 8;

/** Tabs as the spaces up to the next stop, other control characters as one each. `from`: the columns before it. */
function inColumns(text: string, from: number): string {
  const [first = '', ...behindTabs] = text
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, ' ')
    .split('\t');
  return behindTabs.reduce((line, part) => {
    const gap = TAB_COLUMNS - ((from + stringWidth(line)) % TAB_COLUMNS);
    return `${line}${' '.repeat(gap)}${part}`;
  }, first);
}

/** In lines of at most `width` columns, broken between words; nothing for an empty text. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && stringWidth(longer) <= width) lines[lines.length - 1] = longer;
    else if (word !== '') lines.push(word);
  }
  return lines;
}
