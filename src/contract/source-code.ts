import { type Static, Type } from 'typebox';
import { Alias } from './values.ts';

const RepositoryPath = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$)).+$',
});

/** What a task works on, as a client names it. */
export const SourceCode = Type.Union([
  Type.Object(
    {
      git: Type.Object(
        {
          repo: Alias,
          ref: Type.String({ minLength: 1, maxLength: 255, pattern: '^(?!-)[^\\s~^:?*\\[\\\\]+$' }),
          path: Type.Optional(RepositoryPath),
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { upload: Type.String({ pattern: '^up_[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 29 }) },
    { additionalProperties: false },
  ),
  Type.Object(
    { directory: Type.String({ minLength: 1, maxLength: 4_000, pattern: '^/' }) },
    { additionalProperties: false },
  ),
]);

export type SourceCode = Static<typeof SourceCode>;
