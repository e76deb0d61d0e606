import { execFileSync } from 'node:child_process';

/** Builds `dist/` once before the tests: what is tested end to end is what is published. */
export default function build(): void {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
}
