import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { isInside } from '../../contract/inside.ts';
import { directoryInside } from '../workspace.ts';
import { checkReplacements } from './check-replacements.ts';

export const PROJECT_FILE = 'sfdx-project.json';
export const MANIFEST_FILE = 'package.xml';

/** What lies in a directory of source code. */
export type SourceFormat =
  /** Metadata format: `package.xml` and the folders beside it. */
  | { readonly kind: 'metadata'; readonly directory: string }
  /** Source format: these directories of a Salesforce project. */
  | {
      readonly kind: 'source';
      readonly project: string;
      readonly directories: readonly string[];
      readonly apiVersion: string | null;
    };

/** `root`: where the search upwards for the project ends. AppError source-invalid when it is neither format. */
export async function detectFormat(directory: string, root: string): Promise<SourceFormat> {
  if (!(await exists(join(directory, PROJECT_FILE))) && (await exists(join(directory, MANIFEST_FILE)))) {
    return { kind: 'metadata', directory };
  }
  const project = await findProject(directory, root);
  if (project === null) {
    throw new AppError('source-invalid', `The source code has neither ${PROJECT_FILE} nor ${MANIFEST_FILE}.`);
  }
  const { packageDirectories, apiVersion, replacements } = await readProject(project);
  await checkReplacements(root, project, replacements);
  // A directory within a project stands for that part of it.
  const directories =
    project === directory
      ? await Promise.all(packageDirectories.map((path) => directoryInside(project, path)))
      : [directory];
  return { kind: 'source', project, directories, apiVersion };
}

async function findProject(directory: string, root: string): Promise<string | null> {
  if (await exists(join(directory, PROJECT_FILE))) return directory;
  const parent = dirname(directory);
  return parent !== directory && isInside(parent, root) ? findProject(parent, root) : null;
}

interface ProjectFile {
  readonly packageDirectories: readonly string[];
  readonly apiVersion: string | null;
  readonly replacements: unknown;
}

async function readProject(project: string): Promise<ProjectFile> {
  const { packageDirectories, sourceApiVersion, replacements } = await readJson(join(project, PROJECT_FILE));
  const entries: readonly unknown[] = Array.isArray(packageDirectories) ? packageDirectories : [];
  const paths = entries.map((entry) => (entry as { readonly path?: unknown } | null)?.path);
  if (paths.length === 0 || !paths.every((path) => typeof path === 'string')) {
    throw new AppError('source-invalid', `${PROJECT_FILE} names no packageDirectories.`);
  }
  const version = typeof sourceApiVersion === 'string' && /^\d\d\.0$/.test(sourceApiVersion);
  return { packageDirectories: paths, apiVersion: version ? sourceApiVersion : null, replacements };
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return { ...(JSON.parse(await readFile(file, 'utf8')) as object) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('source-invalid', `${PROJECT_FILE} cannot be read: ${reason}`, { cause: error });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
