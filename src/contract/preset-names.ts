/** What a command may be declared like. The first two bring no argument list of their own. */
export const PRESET_NAMES = [
  'sf',
  'sfp',
  'sf.deploy',
  'sf.validate',
  'sf.retrieve',
  'sf.test',
  'sf.data',
  'sfp.validate',
  'sfp.build',
  'sfp.publish',
  'sfp.install',
  'sfp.release',
  'sfp.apextests',
] as const;
export type PresetName = (typeof PRESET_NAMES)[number];
