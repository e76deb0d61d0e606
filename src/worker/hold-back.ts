import type { Redaction } from './redaction.ts';

/** How long the beginning of what may be a secret waits for its end; nobody who follows a log notices. */
const HOLD_MS = 250;
/** More than the longest key in its longest form. */
const HELD_LIMIT_CHARACTERS = 64 * 1024;

interface Held {
  readonly text: string;
  readonly say: (masked: string) => void;
}

/** What is said piece by piece: a piece that may end in the beginning of a secret waits for the next one. */
export interface HoldBack {
  /** `say` is called with the masked piece, now or a little later, always in order. */
  put(text: string, say: (masked: string) => void): void;
  /** Nothing more follows, or something else is to be said. */
  flush(): void;
}

export function createHoldBack(redaction: Pick<Redaction, 'text' | 'follow'>): HoldBack {
  let held: Held[] = [];
  let characters = 0;
  let mayGoOn = redaction.follow();
  let timer: NodeJS.Timeout | null = null;

  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const said = held;
    held = [];
    characters = 0;
    mayGoOn = redaction.follow();
    maskTogether(redaction, said);
  };
  return {
    put(text, say) {
      held.push({ text, say });
      characters += text.length + 1;
      if (!mayGoOn(text) || characters > HELD_LIMIT_CHARACTERS) return flush();
      timer ??= setTimeout(flush, HOLD_MS).unref();
    },
    flush,
  };
}

/** Masking keeps the breaks between lines, so that each piece gets its own lines back. */
function maskTogether(redaction: Pick<Redaction, 'text'>, held: readonly Held[]): void {
  const lines = redaction.text(held.map(({ text }) => text).join('\n')).split('\n');
  let first = 0;
  for (const { text, say } of held) {
    const next = first + text.split('\n').length;
    say(lines.slice(first, next).join('\n'));
    first = next;
  }
}
