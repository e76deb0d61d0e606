import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { packageSource, placeKey } from '../../../src/worker/source/convert.ts';
import { checkSize, checkZip, DEPLOYMENT_LIMIT } from '../../../src/worker/source/limits.ts';
import { type SampleProject, sampleProject } from '../../support/sample-project.ts';

// As in a worker's environment: the converter reads it when it is loaded.
vi.hoisted(() => {
  process.env['SF_DISABLE_LOG_FILE'] = 'true';
});

let project: SampleProject;

beforeEach(() => {
  project = sampleProject(['Invoice', 'Order']);
});

afterEach(() => project.remove());

const pack = (directory: string, root = directory) => packageSource({ directory, root, apiVersion: '65.0' });
const filesOf = async (directory: string, root = directory) => {
  const { zip } = await pack(directory, root);
  const files = Object.entries(unzipSync(zip)).filter(([name]) => !name.endsWith('/'));
  return Object.fromEntries(files.map(([name, bytes]) => [name, strFromU8(bytes)]));
};

describe('source format', () => {
  test('becomes metadata format, with a manifest of everything in its package directories', async () => {
    const files = await filesOf(project.directory);
    expect(Object.keys(files).sort()).toEqual([
      'classes/Invoice.cls',
      'classes/Invoice.cls-meta.xml',
      'classes/Order.cls',
      'classes/Order.cls-meta.xml',
      'package.xml',
    ]);
    expect(files['package.xml']).toContain('<members>Order</members>');
    expect(files['package.xml']).toContain('<version>65.0</version>');
  });

  test('leaves out what .forceignore names', async () => {
    writeFileSync(join(project.directory, '.forceignore'), '**/Order.cls*\n');
    expect(Object.keys(await filesOf(project.directory))).not.toContain('classes/Order.cls');
  });

  test('remembers where a component lies, also a part of a decomposed object', async () => {
    const object = join(project.directory, 'force-app/main/default/objects/Fee__c');
    mkdirSync(join(object, 'fields'), { recursive: true });
    const xml = (type: string, body: string) =>
      `<${type} xmlns="http://soap.sforce.com/2006/04/metadata">${body}</${type}>`;
    writeFileSync(join(object, 'Fee__c.object-meta.xml'), xml('CustomObject', '<label>Fee</label>'));
    const field = xml('CustomField', '<fullName>Rate__c</fullName><label>Rate</label><type>Checkbox</type>');
    writeFileSync(join(object, 'fields', 'Rate__c.field-meta.xml'), field);

    const { places } = await pack(project.directory, project.root);

    const folder = 'crm/force-app/main/default';
    expect(places.get(placeKey('ApexClass', 'Invoice'))).toBe(`${folder}/classes/Invoice.cls`);
    expect(places.get(placeKey('CustomField', 'Fee__c.Rate__c'))).toBe(
      `${folder}/objects/Fee__c/fields/Rate__c.field-meta.xml`,
    );
  });

  test('may be a part of a project', async () => {
    const other = join(project.directory, 'other', 'classes');
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'Extra.cls'), 'public class Extra {}');
    writeFileSync(
      join(other, 'Extra.cls-meta.xml'),
      '<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>65.0</apiVersion></ApexClass>',
    );
    const names = Object.keys(await filesOf(join(project.directory, 'other'), project.directory));
    expect(names.sort()).toEqual(['classes/Extra.cls', 'classes/Extra.cls-meta.xml', 'package.xml']);
  });

  test('is replaced in from files of its own, and never from what else this machine has', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'sfp-out-'));
    writeFileSync(join(outside, 'key'), 'a key of the vault');
    writeFileSync(join(project.directory, 'name.txt'), 'Replaced');
    symlinkSync(join(outside, 'key'), join(project.directory, 'link.txt'));
    const replaceWith = (replacement: object) => {
      const replacements = [{ glob: '**/*.cls', stringToReplace: 'Invoice', ...replacement }];
      const text = { packageDirectories: [{ path: 'force-app', default: true }], replacements };
      writeFileSync(join(project.directory, 'sfdx-project.json'), JSON.stringify(text));
      return filesOf(project.directory);
    };
    try {
      const files = await replaceWith({ replaceWithFile: 'name.txt' });
      expect(files['classes/Invoice.cls']).toContain('Replaced');
      for (const file of [join(outside, 'key'), 'link.txt', '../../../../../../etc/passwd']) {
        await expect(replaceWith({ replaceWithFile: file }), file).rejects.toMatchObject({
          code: 'source-invalid',
          message: expect.stringContaining('outside the source code'),
        });
      }
      for (const name of ['HTTPS_PROXY', 'https_proxy', 'DBUS_SESSION_BUS_ADDRESS']) {
        await expect(replaceWith({ replaceWithEnv: name }), name).rejects.toMatchObject({
          code: 'source-invalid',
          message: expect.stringContaining('of the server'),
        });
      }
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  test('needs package directories that are there, and a component', async () => {
    const file = join(project.directory, 'sfdx-project.json');
    for (const [text, message] of [
      ['{', 'sfdx-project.json cannot be read'],
      ['{}', 'names no packageDirectories'],
      ['{"packageDirectories":[{"path":"gone"}]}', 'has no directory gone'],
      ['{"packageDirectories":[{"path":"../.."}]}', 'leads out of the source code'],
    ] as const) {
      writeFileSync(file, text);
      await expect(pack(project.directory), text).rejects.toMatchObject({
        code: 'source-invalid',
        message: expect.stringContaining(message),
      });
    }
    mkdirSync(join(project.directory, 'empty'));
    writeFileSync(file, '{"packageDirectories":[{"path":"empty"}]}');
    await expect(pack(project.directory)).rejects.toMatchObject({ code: 'source-invalid' });
  });
});

describe('metadata format', () => {
  let directory: string;

  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-md-')));
    mkdirSync(join(directory, 'classes'));
    writeFileSync(join(directory, 'package.xml'), '<Package/>');
    writeFileSync(join(directory, 'classes', 'Foo.cls'), 'class Foo {}');
    writeFileSync(join(directory, '.hidden'), 'x');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is zipped as it is, and the same files make the same zip', async () => {
    expect(await filesOf(directory)).toEqual({
      'package.xml': '<Package/>',
      'classes/Foo.cls': 'class Foo {}',
    });
    const [first, second] = [await pack(directory), await pack(directory)];
    expect(first.zip.equals(second.zip)).toBe(true);
    expect(first.files).toBe(2);
  });

  test('that is too large is refused with the number', async () => {
    const noise = Buffer.alloc(1024 * 1024);
    for (let index = 0; index < noise.length; index += 4)
      noise.writeUInt32LE((Math.random() * 2 ** 32) >>> 0, index);
    for (let index = 0; index < 40; index += 1)
      appendFileSync(join(directory, 'classes', 'Big.resource'), noise);
    await expect(pack(directory)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/^The zip has 4[01] MB, and 39 MB are allowed\.$/),
    });
  });
});

describe('the limits of a deployment', () => {
  test('are those of the Metadata API', () => {
    checkSize('It', DEPLOYMENT_LIMIT, DEPLOYMENT_LIMIT);
    checkZip(DEPLOYMENT_LIMIT.zipBytes);
    expect(() => checkSize('It', { files: 10_001, bytes: 0 }, DEPLOYMENT_LIMIT)).toThrow('10,001 files');
    expect(() => checkSize('It', { files: 1, bytes: 601 * 1024 * 1024 }, DEPLOYMENT_LIMIT)).toThrow('601 MB');
  });
});

test('source code of neither format is refused', async () => {
  const empty = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-no-')));
  await expect(pack(empty)).rejects.toMatchObject({ code: 'source-invalid' });
  rmSync(empty, { recursive: true });
});
