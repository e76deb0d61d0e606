import { join } from 'node:path';

export interface UnitOptions {
  readonly kind: 'system' | 'user';
  readonly home: string;
  /** Absolute paths of Node and of bin/run.js. */
  readonly node: string;
  readonly program: string;
  /** Absolute path of Caddy; null: no unit for it. */
  readonly caddy: string | null;
  /** System units: whom they run as; null: root. */
  readonly user: string | null;
}

export interface Unit {
  readonly name: string;
  readonly text: string;
}

/** The first line of every unit that `install` wrote; `uninstall` removes no other. */
export const UNIT_MARK = '# Written by sfp-server install; sfp-server uninstall removes it.';
export const DAEMON_UNIT = 'sfp-server.service';
export const CADDY_UNIT = 'sfp-server-caddy.service';

/** The daemon, and Caddy in front of it where Caddy is installed. */
export function renderUnits(options: UnitOptions): readonly Unit[] {
  const daemon = { name: DAEMON_UNIT, text: daemonUnit(options) };
  if (options.caddy === null) return [daemon];
  return [daemon, { name: CADDY_UNIT, text: caddyUnit(options, options.caddy) }];
}

function daemonUnit(options: UnitOptions): string {
  return unitText({
    Unit: [
      'Description=sfp-server, a Salesforce operations server',
      'After=network-online.target',
      'Wants=network-online.target',
    ],
    Service: [
      'Type=exec',
      `ExecStart=${command(options.node, '--disable-sigusr1', options.program, 'start', '--no-board', '--no-caddy')}`,
      'ExecReload=/bin/kill -HUP $MAINPID',
      environment('SFP_SERVER_HOME', options.home),
      ...runAs(options),
      'Restart=on-failure',
      'RestartSec=2s',
      '# A mistake in the configuration does not go away by another start.',
      'RestartPreventExitStatus=78',
      '# The daemon ends its workers itself, and lets those finish that must.',
      'KillMode=mixed',
      '# It makes a control group for each worker that may start programs.',
      'Delegate=yes',
      'TimeoutStopSec=150s',
      'LimitNOFILE=65536',
      ...hardening(options),
    ],
    Install: [`WantedBy=${target(options)}`],
  });
}

function caddyUnit(options: UnitOptions, caddy: string): string {
  const caddyfile = join(options.home, 'Caddyfile');
  const data = join(options.home, 'state', 'caddy');
  return unitText({
    Unit: [
      'Description=Caddy in front of sfp-server',
      `After=network-online.target ${DAEMON_UNIT}`,
      'Wants=network-online.target',
    ],
    Service: [
      'Type=exec',
      `ExecStartPre=${command(options.node, options.program, 'caddy', 'show', '--write')}`,
      `ExecStart=${command(caddy, 'run', '--adapter', 'caddyfile', '--config', caddyfile)}`,
      `ExecReload=${command(options.node, options.program, 'caddy', 'show', '--write')}`,
      `ExecReload=${command(caddy, 'reload', '--adapter', 'caddyfile', '--config', caddyfile)}`,
      environment('SFP_SERVER_HOME', options.home),
      ...['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'].map((name) => environment(name, data)),
      ...runAs(options),
      'Restart=on-failure',
      'RestartSec=2s',
      'TimeoutStopSec=20s',
      'LimitNOFILE=65536',
      ...hardening(options),
      ...caddyHardening(options),
    ],
    Install: [`WantedBy=${target(options)}`],
  });
}

function unitText(sections: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`);
  return `${UNIT_MARK}\n${parts.join('\n')}`;
}

/** Units of a user run as that user anyway. */
function runAs({ kind, user }: UnitOptions): readonly string[] {
  return kind === 'system' && user !== null ? [`User=${user}`] : [];
}

/**
 * What the daemon and its workers never need. Left open on purpose: user namespaces, mounts and control groups, in which
 * foreign code is locked up, and writable memory that is executed, which is how V8 works. Units of a user manager get no
 * mounts of their own: those need user namespaces, which not every machine gives, and would hide the keychain's bus.
 */
function hardening({ kind, home, user }: UnitOptions): readonly string[] {
  const always = [
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'SystemCallArchitectures=native',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  ];
  if (kind === 'user') return always;
  return [
    ...always,
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    `ReadWritePaths=${quoted(home)}`,
    // A private /tmp would hide a home that lies there.
    ...(/^\/(var\/)?tmp(\/|$)/.test(home) ? [] : ['PrivateTmp=yes']),
    'ProtectKernelModules=yes',
    'ProtectClock=yes',
    'RemoveIPC=yes',
    // What it starts in a user namespace of its own has capabilities there again.
    ...(user === null ? [] : ['CapabilityBoundingSet=']),
  ];
}

/** Caddy faces the outside world: it sees neither secrets nor workspaces, and may do nothing as root but open its ports. */
function caddyHardening({ kind, home }: UnitOptions): readonly string[] {
  if (kind === 'user') return [];
  const hidden = ['state/vault', 'state/uploads', 'work'].map((place) => quoted(`-${join(home, place)}`));
  return [
    `InaccessiblePaths=${hidden.join(' ')}`,
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=', // what was allowed before is merged, so begin anew
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'PrivateDevices=yes',
    'ProtectKernelTunables=yes',
    'ProtectKernelLogs=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'RestrictNamespaces=yes',
  ];
}

function target({ kind }: UnitOptions): string {
  return kind === 'system' ? 'multi-user.target' : 'default.target';
}

/** Every word in quotes; a dollar sign would begin a variable (systemd.service(5), command lines). */
function command(...words: readonly string[]): string {
  return words.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ');
}

function environment(name: string, value: string): string {
  return `Environment=${quoted(`${name}=${value}`)}`;
}

/** As systemd.syntax(7) wants it; a percent sign would begin a specifier. */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return /^[\w@./:=%+,-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
