import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkTools } from '../../../src/cli/doctor/tools.ts';
import { toolDirectory } from '../../../src/config/tool-place.ts';

const SF = { npm: '@salesforce/cli@2.150.6' };
const SFP = { npm: '@flxbl-io/sfp@39.2.2' };

let paths: { readonly tools: string };

beforeEach(() => {
  paths = { tools: mkdtempSync(join(tmpdir(), 'sfp-tools-')) };
});
afterEach(() => rmSync(paths.tools, { recursive: true, force: true }));

describe('the tools of commands', () => {
  test('are not spoken of where none is declared', () => {
    expect(checkTools(paths, {})).toEqual([]);
  });

  test('that are not installed are named, with the command that installs them', () => {
    mkdirSync(toolDirectory(paths, SF));
    expect(checkTools(paths, { sf: SF, sfp: SFP })).toEqual([
      {
        name: 'Tools',
        state: 'missing',
        detail: 'not installed: sfp (@flxbl-io/sfp@39.2.2)',
        mend: 'Install them: sfp-server tools install',
      },
    ]);
  });

  test('are named with their versions where all are there', () => {
    mkdirSync(toolDirectory(paths, SF));
    expect(checkTools(paths, { sf: SF })).toEqual([
      { name: 'Tools', state: 'ok', detail: 'sf (@salesforce/cli@2.150.6)', mend: '' },
    ]);
  });
});
