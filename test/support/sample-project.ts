import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A few Apex classes, below a root that a configuration may allow. */
export interface SampleProject {
  readonly root: string;
  readonly directory: string;
  remove(): void;
}

const CLASSES = ['Invoice', 'InvoiceTest'];

/** In source format, which a worker converts: that takes most of its time, so only for tests that are about it. */
export function sampleProject(classes: readonly string[] = CLASSES): SampleProject {
  return place((directory) => {
    const described = {
      packageDirectories: [{ path: 'force-app', default: true }],
      sourceApiVersion: '65.0',
    };
    write(directory, 'sfdx-project.json', JSON.stringify(described));
    writeClasses(join(directory, 'force-app/main/default'), classes);
  });
}

/** In metadata format, which is zipped as it is. */
export function sampleMetadata(classes: readonly string[] = CLASSES): SampleProject {
  return place((directory) => writeMetadata(directory, classes));
}

export function writeMetadata(directory: string, classes: readonly string[]): void {
  write(directory, 'package.xml', packageXml(classes));
  writeClasses(directory, classes);
}

function place(fill: (directory: string) => void): SampleProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-src-')));
  const directory = join(root, 'crm');
  fill(directory);
  return { root, directory, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function writeClasses(below: string, classes: readonly string[]): void {
  for (const name of classes) {
    write(below, `classes/${name}.cls`, `public class ${name} {\n}\n`);
    write(below, `classes/${name}.cls-meta.xml`, CLASS_META);
  }
}

function write(directory: string, file: string, text: string): void {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const CLASS_META = `<?xml version="1.0" encoding="UTF-8"?>
<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata">
    <apiVersion>65.0</apiVersion>
    <status>Active</status>
</ApexClass>
`;

function packageXml(classes: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types>
${classes.map((name) => `        <members>${name}</members>\n`).join('')}        <name>ApexClass</name>
    </types>
    <version>65.0</version>
</Package>
`;
}
