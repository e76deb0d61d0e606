import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { parseConfiguration } from '../config/file.ts';
import type { Paths } from '../config/paths.ts';
import type { Configuration } from '../contract/configuration.ts';

/** Writes `vault.provider` into sfp-server.yaml; comments and everything else stay. The file is replaced as a whole. */
export async function setVaultProvider(
  paths: Paths,
  provider: Configuration['vault']['provider'],
): Promise<void> {
  const file = paths.configuration;
  const document = parseDocument(await readFile(file, 'utf8'));
  if (document.get('vault') === null) document.delete('vault');
  document.setIn(['vault', 'provider'], provider);
  const text = document.toString({ lineWidth: 0 });
  parseConfiguration(text, file);
  const { mode } = await stat(file);
  await writeFile(`${file}.tmp`, text, { mode: mode & 0o777 });
  await rename(`${file}.tmp`, file);
}
