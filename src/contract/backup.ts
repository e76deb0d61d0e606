import { type Static, Type } from 'typebox';

export const BackupRequest = Type.Object(
  {
    file: Type.String({
      pattern: '^/[^\\u0000]*$',
      maxLength: 4_000,
      description: "absolute, on the server's machine; must not be there yet",
    }),
  },
  { additionalProperties: false },
);

export const Backup = Type.Object({ file: Type.String(), bytes: Type.Integer({ minimum: 0 }) });

export type Backup = Static<typeof Backup>;
