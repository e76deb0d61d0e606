/** The connections that would last for ever: a door that closes ends them first. */
export interface LiveConnections {
  /** Answers how to forget the connection once it has ended by itself. */
  add(end: () => void): () => void;
  endAll(): void;
}

export function createLiveConnections(): LiveConnections {
  const ends = new Set<() => void>();
  return {
    add(end) {
      ends.add(end);
      return () => ends.delete(end);
    },
    endAll() {
      for (const end of [...ends]) end();
      ends.clear();
    },
  };
}
