import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../contract/command-declaration.ts';
import type { ServerStatus } from '../contract/server.ts';
import type { Paths } from './paths.ts';

/** Where a tool is, or will be: another version, plugin or registry is another directory, so that what runs keeps what it has. */
export function toolDirectory({ tools }: Pick<Paths, 'tools'>, tool: Tool): string {
  const { npm, plugins = [], registry = null, scripts = false } = tool;
  const described = JSON.stringify({ npm, plugins: [...plugins].sort(), registry, scripts });
  return join(tools, createHash('sha256').update(described).digest('hex').slice(0, 24));
}

/** It came there by a rename, so it is there whole or not at all. */
export function isInstalled(paths: Pick<Paths, 'tools'>, tool: Tool): boolean {
  return existsSync(toolDirectory(paths, tool));
}

export function toolStates(
  paths: Pick<Paths, 'tools'>,
  tools: Readonly<Record<string, Tool>>,
): ServerStatus['tools'] {
  return Object.entries(tools).map(([name, tool]) => {
    const { npm, plugins = [] } = tool;
    return { name, npm, plugins: [...plugins], installed: isInstalled(paths, tool) };
  });
}

/** Where a CLI made with oclif finds its plugins; it is called like its tool. */
export function pluginVariables(directory: string, name: string, tool: Tool): Record<string, string> {
  if ((tool.plugins ?? []).length === 0) return {};
  return { [`${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_DATA_DIR`]: join(directory, 'plugins') };
}
