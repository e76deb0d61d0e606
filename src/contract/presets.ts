import type { CommandDeclaration } from './command-declaration.ts';
import type { PresetName } from './preset-names.ts';
import { SF, SFP } from './preset-parts.ts';
import { SF_PRESETS } from './sf-presets.ts';
import { SFP_PRESETS } from './sfp-presets.ts';

export const PRESETS: Readonly<Record<PresetName, CommandDeclaration>> = {
  sf: SF,
  sfp: SFP,
  ...SF_PRESETS,
  ...SFP_PRESETS,
};
