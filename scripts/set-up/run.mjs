import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that a person has to set right; its message is all that they need. */
export class SetUpFailure extends Error {}

/** Runs a command quietly; what it printed is shown only when it fails. */
export function run(title, command, given, options = {}) {
  console.error(`${title} …`);
  const done = spawnSync(command, given, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  if (done.status === 0) return;
  const printed = [done.stdout, done.stderr, done.error?.message].filter(Boolean).join('\n').trim();
  throw new SetUpFailure(
    `${printed}\n${title} failed: ${command} ${given.join(' ')}. Correct this, then run it again.`,
  );
}

/** Where a program lies; administrators' directories count, as a user's PATH may lack them. */
export function findProgram(name) {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return places.map((place) => join(place, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
