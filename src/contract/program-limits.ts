import { type Static, Type } from 'typebox';

const megabytes = (description: string) => Type.Integer({ minimum: 1, maximum: 1_048_576, description });

/** What one program that is not ours may use. The first two hold for all that its worker starts together. */
export const ProgramLimits = Type.Object(
  {
    processes: Type.Integer({ minimum: 16, maximum: 100_000, description: 'and threads, at once' }),
    memoryMegabytes: megabytes('files in memory among it'),
    openFiles: Type.Integer({ minimum: 64, maximum: 1_048_576, description: 'of each process' }),
    cpuSeconds: Type.Integer({ minimum: 1, maximum: 604_800, description: 'of each process' }),
    fileMegabytes: megabytes('of each file'),
    diskMegabytes: megabytes('of its workspace and its source code'),
    temporaryMegabytes: megabytes('of HOME and of /tmp, which lie in memory'),
    outputMegabytes: megabytes('of what it prints'),
  },
  { additionalProperties: false },
);

export type ProgramLimits = Static<typeof ProgramLimits>;

export const DEFAULT_PROGRAM_LIMITS: ProgramLimits = {
  processes: 512,
  memoryMegabytes: 2_048,
  openFiles: 4_096,
  cpuSeconds: 7_200,
  fileMegabytes: 1_024,
  diskMegabytes: 2_048,
  temporaryMegabytes: 512,
  outputMegabytes: 64,
};
