import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { generated } from './generated.ts';

/** `npm run generate`: builds, then writes all committed files that follow from the source. */
execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
for (const [file, text] of Object.entries(await generated())) {
  writeFileSync(file, text);
  console.log(file);
}
