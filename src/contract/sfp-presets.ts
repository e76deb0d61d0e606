import type { CommandDeclaration } from './command-declaration.ts';
import { flag, names, path, paths, SFP, TARGET, text } from './preset-parts.ts';

/** sfp as people use it most; the org of the operation is its Dev Hub too. */
export const SFP_PRESETS = {
  'sfp.validate': {
    ...SFP,
    title: 'Validate the packages of a project with sfp',
    run: [
      ...['sfp', 'validate', 'org', '--targetorg', TARGET, '--devhubalias', TARGET],
      ...['--mode', '{{ with.mode }}'],
      ['--coveragepercent', '{{ with.coveragePercent }}'],
      ['--releaseconfig', '{{ with.releaseConfig }}'],
      ['--baseRef', '{{ with.baseRef }}', '--ref', '{{ with.ref }}'],
      { when: 'diffCheck', words: ['--diffcheck'] },
    ],
    input: {
      properties: {
        mode: {
          type: 'string',
          enum: ['individual', 'fastfeedback', 'thorough', 'ff-release-config', 'thorough-release-config'],
          default: 'thorough',
        },
        coveragePercent: { type: 'integer', minimum: 0, maximum: 100 },
        releaseConfig: path,
        ref: text,
        baseRef: text,
        diffCheck: flag,
      },
    },
  },
  'sfp.build': {
    ...SFP,
    title: 'Build the artifacts of a project with sfp',
    lane: 'shared',
    onWorkerLoss: 'retry',
    run: [
      ...['sfp', 'build', '--devhubalias', TARGET, '--branch', '{{ with.branch }}'],
      ['--repourl', '{{ with.repoUrl }}'],
      ['--buildnumber', '{{ with.buildNumber }}'],
      ['--buildOnly', '{{ with.packages }}'],
      ['--releaseconfig', '{{ with.releaseConfig }}'],
      ['--tag', '{{ with.tag }}'],
      { when: 'diffCheck', words: ['--diffcheck'] },
    ],
    input: {
      properties: {
        branch: text,
        repoUrl: text,
        buildNumber: { type: 'integer', minimum: 0 },
        packages: names,
        releaseConfig: path,
        tag: text,
        diffCheck: flag,
      },
      required: ['branch'],
    },
    artifacts: ['artifacts/*'],
  },
  'sfp.publish': {
    ...SFP,
    title: 'Publish artifacts with sfp',
    run: [
      ...['sfp', 'publish', '--devhubalias', TARGET, '--artifactdir', '{{ with.artifactDir }}'],
      ['--npm', '--scope', '{{ with.scope }}'],
      ['--npmtag', '{{ with.npmTag }}'],
      ['--npmrcpath', '{{ with.npmrc }}'],
      ['--tag', '{{ with.tag }}'],
      { when: 'promotedOnly', words: ['--publishpromotedonly'] },
      { when: 'gitTag', words: ['--gittag'] },
    ],
    input: {
      properties: {
        artifactDir: { ...path, default: 'artifacts' },
        scope: text,
        npmTag: text,
        npmrc: path,
        tag: text,
        promotedOnly: flag,
        gitTag: flag,
      },
    },
  },
  'sfp.install': {
    ...SFP,
    title: 'Install artifacts with sfp',
    run: [
      ...['sfp', 'install', '--targetorg', TARGET, '--artifactdir', '{{ with.artifactDir }}'],
      ['--artifacts', '{{ with.packages }}'],
      ['--releaseconfig', '{{ with.releaseConfig }}'],
      ['--tag', '{{ with.tag }}'],
      { when: 'skipIfInstalled', words: ['--baselineorg', TARGET, '--skipifalreadyinstalled'] },
    ],
    input: {
      properties: {
        artifactDir: { ...path, default: 'artifacts' },
        packages: names,
        releaseConfig: path,
        tag: text,
        skipIfInstalled: flag,
      },
    },
  },
  'sfp.release': {
    ...SFP,
    title: 'Release what release definitions name with sfp',
    run: [
      ...['sfp', 'release', '--targetorg', TARGET, '--devhubalias', TARGET],
      ['--releasedefinition', '{{ with.definitions }}'],
      ['--npm', '--scope', '{{ with.scope }}'],
      ['--npmrcpath', '{{ with.npmrc }}'],
      ['--tag', '{{ with.tag }}'],
    ],
    input: {
      properties: {
        definitions: { ...paths, minItems: 1 },
        scope: text,
        npmrc: path,
        tag: text,
      },
      required: ['definitions'],
    },
  },
  'sfp.apextests': {
    ...SFP,
    title: 'Run Apex tests with sfp',
    lane: 'shared',
    onWorkerLoss: 'retry',
    run: [
      ...['sfp', 'apextests', 'trigger', '--targetusername', TARGET],
      ['--testlevel', '{{ with.testLevel }}'],
      ['--package', '{{ with.package }}'],
      ['--specifiedtests', '{{ with.tests }}'],
      ['--apextestsuite', '{{ with.suites }}'],
      ['--coveragepercent', '{{ with.coveragePercent }}'],
      { when: 'packageCoverage', words: ['--validatepackagecoverage'] },
    ],
    input: {
      properties: {
        testLevel: {
          type: 'string',
          enum: [
            ...['RunSpecifiedTests', 'RunApexTestSuite', 'RunLocalTests'],
            ...['RunAllTestsInOrg', 'RunAllTestsInPackage'],
          ],
        },
        package: text,
        tests: { ...text, description: 'names, separated by commas' },
        suites: { ...text, description: 'names, separated by commas' },
        coveragePercent: { type: 'integer', minimum: 0, maximum: 100 },
        packageCoverage: flag,
      },
    },
    artifacts: ['.testresults/**'],
  },
} as const satisfies Record<string, CommandDeclaration>;
