import type { Handler } from '../parts.ts';

export const createBackup: Handler<'createBackup'> = async ({ parts, body }) => await parts.backup(body.file);
