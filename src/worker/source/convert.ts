import { unzipSync } from 'fflate';
import type { Project } from './convert-project.ts';
import { checkSize, checkZip, DEPLOYMENT_LIMIT, type Size } from './limits.ts';
import { zipMetadata } from './metadata-zip.ts';
import type { Places } from './places.ts';
import { detectFormat } from './project.ts';

export { placeKey } from './places.ts';

/** What the Metadata API takes: one zip in metadata format, with package.xml at its root. */
export interface DeployPackage {
  readonly zip: Buffer;
  readonly files: number;
  /** Where people find a component: its file in the source code, by `placeKey`. */
  readonly places: Places;
}

export interface PackageWish {
  readonly directory: string;
  /** The whole of the source code; `directory` lies in it. */
  readonly root: string;
  /** For a project that names none. */
  readonly apiVersion: string;
}

/** Source format is converted, metadata format is zipped. AppError source-invalid, or too-large before anything is sent. */
export async function packageSource({ directory, root, apiVersion }: PackageWish): Promise<DeployPackage> {
  const format = await detectFormat(directory, root);
  const { zip, places } =
    format.kind === 'metadata'
      ? { zip: await zipMetadata(format.directory), places: new Map() }
      : await convert({ ...format, root, apiVersion: format.apiVersion ?? apiVersion });
  const size = measure(zip);
  checkSize('The deployment', size, DEPLOYMENT_LIMIT);
  checkZip(zip.length);
  return { zip, files: size.files, places };
}

/** The converter takes longer to load than most projects to convert, so only source format waits for it. */
async function convert(project: Project): Promise<{ zip: Buffer; places: Places }> {
  const { convertProject } = await import('./convert-project.ts');
  return convertProject(project);
}

function measure(zip: Buffer): Size {
  const size = { files: 0, bytes: 0 };
  unzipSync(zip, {
    filter({ name, originalSize }) {
      if (!name.endsWith('/')) size.files += 1;
      size.bytes += originalSize;
      return false;
    },
  });
  return size;
}
