import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ComponentSet, MetadataConverter, RegistryAccess } from '@salesforce/source-deploy-retrieve';
import { AppError } from '../../contract/errors.ts';
import { type Places, placesOf } from './places.ts';

export interface Project {
  /** The whole of the source code; the project lies in it. */
  readonly root: string;
  readonly project: string;
  readonly directories: readonly string[];
  readonly apiVersion: string;
}

/** Converts parts of a Salesforce project to a zip in metadata format; .forceignore and replacements are honoured. */
export async function convertProject({
  root,
  project,
  directories,
  apiVersion,
}: Project): Promise<{ zip: Buffer; places: Places }> {
  await endSearchForIgnoreFile(project);
  try {
    const registry = new RegistryAccess(undefined, project);
    const components = ComponentSet.fromSource({ fsPaths: [...directories], registry });
    components.projectDirectory = project;
    components.sourceApiVersion = apiVersion;
    components.apiVersion = apiVersion;
    if (components.size === 0) throw new AppError('source-invalid', 'The source code holds no component.');
    const { zipBuffer } = await new MetadataConverter(registry).convert(components, 'metadata', {
      type: 'zip',
    });
    if (zipBuffer === undefined) throw new Error('the converter made no zip');
    return { zip: zipBuffer, places: placesOf(components.getSourceComponents(), root) };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = (error instanceof Error ? error.message : String(error)).replaceAll(`${project}/`, '');
    throw new AppError('source-invalid', `The source code could not be converted: ${reason}`, {
      cause: error,
    });
  }
}

/** Without one the converter looks for it in every directory above, where this process may not read. */
async function endSearchForIgnoreFile(project: string): Promise<void> {
  await writeFile(join(project, '.forceignore'), '', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
