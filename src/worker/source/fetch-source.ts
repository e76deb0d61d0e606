import { basename } from 'node:path';
import type { FetchedSource } from '../../contract/worker-protocol.ts';
import type { FetchAssignment, Work } from '../work.ts';
import { emptyDirectory, workspaceOf } from '../workspace.ts';

/** Puts the source code into the workspace: a copy that nothing changes any more. */
export async function fetchSource(work: Work<FetchAssignment>): Promise<FetchedSource> {
  const { source, workspace } = work.assignment;
  const target = workspaceOf(workspace).source;
  await emptyDirectory(target);
  switch (source.kind) {
    case 'git': {
      const { checkOut } = await import('./check-out.ts');
      return checkOut(work, source);
    }
    case 'upload':
      return work.report.step('source', 'Unpack the upload', async (end) => {
        const { unpackUpload } = await import('./unpack-upload.ts');
        const unpacked = await unpackUpload(source.file, target);
        end.detail = `${unpacked.files} files`;
        return { directory: unpacked.directory, commitId: null };
      });
    case 'directory':
      return work.report.step('source', `Copy ${basename(source.directory)}`, async (end) => {
        const { copyDirectory } = await import('./copy-directory.ts');
        const size = await copyDirectory(source.directory, target, work.signal);
        end.detail = `${size.files} files`;
        return { directory: target, commitId: null };
      });
  }
}
