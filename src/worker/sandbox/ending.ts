/** What can be ended: politely, then not. */
export interface Endable {
  terminate(): void;
  kill(): void;
}

export interface Ending<Reason> {
  /** SIGTERM, and SIGKILL after a while; the first reason counts. */
  begin(because: Reason | null): void;
  /** Why it was ended from here; null: it was not, or somebody outside wanted it. */
  because(): Reason | null;
  /** It is gone. */
  stop(): void;
}

export function createEnding<Reason>(program: Endable, graceMs: number): Ending<Reason> {
  let reason: Reason | null = null;
  let timer: NodeJS.Timeout | null = null;
  return {
    begin(because) {
      if (timer !== null) return;
      reason = because;
      program.terminate();
      timer = setTimeout(() => program.kill(), graceMs);
    },
    because: () => reason,
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
