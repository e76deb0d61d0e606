import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A small Salesforce project in source format, below a root that a configuration may allow. */
export interface SampleProject {
  readonly root: string;
  readonly directory: string;
  remove(): void;
}

export function sampleProject(classes: readonly string[] = ['Invoice', 'InvoiceTest']): SampleProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-src-')));
  const directory = join(root, 'crm');
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  };
  write(
    'sfdx-project.json',
    JSON.stringify({ packageDirectories: [{ path: 'force-app', default: true }], sourceApiVersion: '65.0' }),
  );
  for (const name of classes) {
    write(`force-app/main/default/classes/${name}.cls`, `public class ${name} {\n}\n`);
    write(`force-app/main/default/classes/${name}.cls-meta.xml`, CLASS_META);
  }
  return { root, directory, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export const CLASS_META = `<?xml version="1.0" encoding="UTF-8"?>
<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata">
    <apiVersion>65.0</apiVersion>
    <status>Active</status>
</ApexClass>
`;
