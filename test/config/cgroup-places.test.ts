import { describe, expect, test } from 'vitest';
import { cgroupName, findCgroupPlaces } from '../../src/config/cgroup-places.ts';

const reading = (files: Record<string, string>) => (file: string) => files[file] ?? '';

describe('where control groups belong', () => {
  test('version 2: beside the process itself, then at the root', () => {
    const own = '/sys/fs/cgroup/system.slice/sfp-server.service';
    const places = findCgroupPlaces(
      reading({
        '/proc/self/cgroup': '0::/system.slice/sfp-server.service\n',
        '/proc/self/mountinfo':
          '35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n',
        [`${own}/cgroup.controllers`]: 'cpu io memory pids\n',
        '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory hugetlb pids\n',
      }),
    );
    expect(places).toEqual([
      { version: 2, directory: own, holds: ['processes', 'memory'] },
      { version: 2, directory: '/sys/fs/cgroup', holds: ['processes', 'memory'] },
    ]);
  });

  test('version 1: in the hierarchy of each controller, below the process; the part of it that a container sees', () => {
    const places = findCgroupPlaces(
      reading({
        '/proc/self/cgroup': '9:pids:/box/1\n4:memory:/box/1/inner\n3:cpu,cpuacct:/box/1\n0::/\n',
        '/proc/self/mountinfo': [
          '36 31 0:33 /box/1 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
          '35 31 0:32 /box/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
          '33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct',
          '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
        ].join('\n'),
        '/sys/fs/cgroup/unified/cgroup.controllers': 'hugetlb\n',
      }),
    );
    expect(places).toEqual([
      { version: 1, directory: '/sys/fs/cgroup/pids', holds: ['processes'] },
      { version: 1, directory: '/sys/fs/cgroup/memory/inner', holds: ['memory'] },
    ]);
  });

  test('nowhere on a system that says nothing of them', () => {
    expect(findCgroupPlaces(reading({}))).toEqual([]);
  });

  test('each home has a name of its own', () => {
    expect(cgroupName('/srv/one')).toMatch(/^sfp-server-[0-9a-f]{12}$/);
    expect(cgroupName('/srv/one')).not.toBe(cgroupName('/srv/two'));
  });
});
