import { writeFileSync } from 'node:fs';
import { generated } from './generated.ts';

/** `npm run generate`: writes all committed files that follow from the source; needs a build. */
for (const [file, text] of Object.entries(await generated())) {
  writeFileSync(file, text);
  console.log(file);
}
