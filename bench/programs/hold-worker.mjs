// Keeps its operation running, so that everything behind it is only recorded.
await import('./no-op-worker.mjs');
