import type { OperationEvent } from '../contract/event.ts';
import { lookOf } from './theme.ts';
import {
  clockWords,
  colouredLine,
  countWords,
  oneLine,
  printedLine,
  resolutionWords,
  waitingWords,
} from './words.ts';

export interface Sentence {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  /** As a program printed it, where it did so in colours. */
  readonly coloured?: string;
}

/** An event in words, for logs and plain lines; null where there is nothing to say to a person. */
export function eventSentence(event: OperationEvent): Sentence | null {
  const { body } = event;
  switch (body.type) {
    case 'created':
      return { level: 'info', text: `accepted: ${body.task}${event.org ? ` → ${event.org}` : ''}` };
    case 'state':
      return stateSentence(event, body);
    case 'progress':
      return { level: 'info', text: progressText(body.progress) };
    case 'step':
      return {
        level: body.state === 'failed' ? 'error' : 'info',
        text: oneLine(`${STEP_WORDS[body.state]}${body.title}${body.detail ? `: ${body.detail}` : ''}`),
      };
    case 'log':
      return {
        level: body.level,
        text: printedLine(body.message),
        ...(body.ansi === undefined ? {} : { coloured: colouredLine(body.ansi) }),
      };
    case 'waiting':
      return body.waitingFor === null
        ? null
        : { level: 'info', text: waitingWords(body.waitingFor, event.org, Date.parse(event.at)) };
    case 'checkpoint':
      return { level: 'debug', text: `checkpoint: ${valuesOf(body.checkpoint)}` };
    case 'resolved':
      return { level: 'info', text: resolutionWords(body.resolution) };
    case 'window-overridden': {
      const by = oneLine(body.by ?? 'the owner');
      return { level: 'warn', text: `starts whatever the window says, by ${by}: ${oneLine(body.reason)}` };
    }
    case 'cancel-requested':
      return { level: 'warn', text: `cancel was asked for${body.by ? ` by ${oneLine(body.by)}` : ''}` };
  }
}

const STEP_WORDS = { started: '… ', done: '✔ ', failed: '✖ ' } as const;

function stateSentence(
  event: OperationEvent,
  body: Extract<OperationEvent['body'], { type: 'state' }>,
): Sentence {
  const look = lookOf(body.to);
  const attempt = body.to === 'running' ? `, attempt ${event.attempt}` : '';
  const why = body.error ? `${body.error.code}: ${body.error.message}` : (body.reason ?? '');
  const level = look.tone === 'red' || look.tone === 'magenta' ? 'error' : 'info';
  return { level, text: oneLine(`${look.words}${attempt}${why ? ` (${why})` : ''}`) };
}

function progressText(progress: Parameters<typeof countWords>[0] & { message: string }): string {
  return oneLine(`${countWords(progress)}${progress.message ? `: ${progress.message}` : ''}`);
}

/** What is told of a value is its name; only what is short and plain is told in full. */
function valuesOf(checkpoint: Record<string, unknown>): string {
  const told = Object.entries(checkpoint).map(([name, value]) =>
    ['string', 'number'].includes(typeof value) ? oneLine(`${name} ${String(value)}`) : name,
  );
  return told.length === 0 ? 'taken back' : told.join(', ');
}

/** One event as one plain line: its time, which operation (where there are several), and what happened. */
export function plainLine(
  event: OperationEvent,
  options: { readonly withOperation: boolean; readonly colours?: boolean },
): string | null {
  const sentence = eventSentence(event);
  if (sentence === null) return null;
  const mark = sentence.level === 'error' || sentence.level === 'warn' ? `${sentence.level}: ` : '';
  const who = options.withOperation ? `${event.operation}  ` : '';
  const text = options.colours === true ? (sentence.coloured ?? sentence.text) : sentence.text;
  return `${clockWords(event.at)}  ${who}${mark}${text}`;
}
