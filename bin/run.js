#!/usr/bin/env node
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `sfp-server needs Node 24 or newer, and this is ${process.version}: install Node 24 and run it again.`,
  );
  process.exit(78);
}
const { execute } = await import('@oclif/core');
await execute({ dir: import.meta.url });
