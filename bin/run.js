#!/usr/bin/env node
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `sfp-server needs Node 24 or newer, and this is ${process.version}: install Node 24 and run it again.`,
  );
  process.exit(78);
}
const { execute } = await import('@oclif/core');
// not awaited: oclif may never say that a slow standard output is flushed, and Node would make exit code 13 of that
void execute({ dir: import.meta.url });
