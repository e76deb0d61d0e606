import { strFromU8, unzipSync } from 'fflate';

export interface Component {
  readonly fullName: string;
  readonly type: string;
  readonly fileName: string;
  /** What is wrong with the package itself; null: the org has the files. */
  readonly problem: string | null;
}

export interface Package {
  readonly components: readonly Component[];
  /** Every file of the zip as text, by its path. */
  readonly files: Readonly<Record<string, string>>;
}

const FOLDERS: Readonly<Record<string, readonly [folder: string, ending: string]>> = {
  ApexClass: ['classes', '.cls'],
  ApexTrigger: ['triggers', '.trigger'],
  CustomObject: ['objects', '.object'],
  CustomTab: ['tabs', '.tab'],
  Flow: ['flows', '.flow'],
  Layout: ['layouts', '.layout'],
  PermissionSet: ['permissionsets', '.permissionset'],
  CustomLabels: ['labels', '.labels'],
};
/** Types whose files come with a second one that describes them. */
const WITH_META = new Set(['ApexClass', 'ApexTrigger']);

/** Null: this is no zip. */
export function readPackage(zip: Uint8Array, singlePackage: boolean): Package | null {
  const files = unzip(zip);
  if (files === null) return null;
  const root = singlePackage ? '' : `${Object.keys(files)[0]?.split('/')[0] ?? ''}/`;
  const manifest = files[`${root}package.xml`];
  if (manifest === undefined)
    return { files, components: [broken('package.xml', '', 'No package.xml found')] };
  return { files, components: readManifest(manifest).flatMap((member) => find(files, root, member)) };
}

function unzip(zip: Uint8Array): Record<string, string> | null {
  try {
    const entries = Object.entries(unzipSync(zip)).filter(([path]) => !path.endsWith('/'));
    return Object.fromEntries(entries.map(([path, bytes]) => [path, strFromU8(bytes)]));
  } catch {
    return null;
  }
}

interface Member {
  readonly name: string;
  readonly type: string;
}

function readManifest(xml: string): Member[] {
  return [...xml.matchAll(/<types>(.*?)<\/types>/gs)].flatMap(([, types = '']) => {
    const type = /<name>\s*([^<]+?)\s*<\/name>/.exec(types)?.[1] ?? '';
    const members = [...types.matchAll(/<members>\s*([^<]+?)\s*<\/members>/g)];
    return members.map(([, name = '']) => ({ name, type }));
  });
}

function find(files: Package['files'], root: string, member: Member): Component[] {
  if (member.name === '*') return findAll(files, root, member.type);
  if (member.type === 'CustomField') return [findField(files, root, member)];
  const fileName = Object.keys(files).find((path) => isFileOf(path, root, member));
  if (fileName === undefined) return [notInZip(member)];
  if (WITH_META.has(member.type) && files[`${fileName}-meta.xml`] === undefined)
    return [broken(member.name, member.type, `Required file is missing: ${fileName}-meta.xml`)];
  return [{ fullName: member.name, type: member.type, fileName, problem: null }];
}

function isFileOf(path: string, root: string, member: Member): boolean {
  const [folder, ending] = FOLDERS[member.type] ?? [null, null];
  if (folder !== null) return path === `${root}${folder}/${member.name}${ending}`;
  return path.startsWith(root) && path.slice(root.length).split(/[/.]/).includes(member.name);
}

function findAll(files: Package['files'], root: string, type: string): Component[] {
  const [folder, ending] = FOLDERS[type] ?? ['', '.none'];
  const start = `${root}${folder}/`;
  return Object.keys(files)
    .filter((path) => path.startsWith(start) && path.endsWith(ending))
    .flatMap((path) => find(files, root, { type, name: path.slice(start.length, -ending.length) }));
}

/** A field lies in the file of its object. */
function findField(files: Package['files'], root: string, member: Member): Component {
  const [object, field] = member.name.split('.');
  const fileName = `${root}objects/${object}.object`;
  return files[fileName]?.includes(`<fullName>${field}</fullName>`)
    ? { fullName: member.name, type: member.type, fileName, problem: null }
    : notInZip(member);
}

function notInZip({ name, type }: Member): Component {
  const problem = `An object '${name}' of type ${type} was named in package.xml, but was not found in zipped directory`;
  return broken(name, type, problem);
}

function broken(fullName: string, type: string, problem: string): Component {
  return { fullName, type, fileName: 'package.xml', problem };
}
