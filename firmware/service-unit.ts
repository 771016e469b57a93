/** What a unit file is made for. Paths are absolute. */
export interface UnitFacts {
  /** `site/node`. */
  readonly name: string;
  /** The node program, as the command line that starts it: Node.js and the bundle. */
  readonly command: readonly string[];
  readonly configuration: string | null;
  /** Where what is learned lies, when the configuration names a place; else systemd's own state directory. */
  readonly state: string | null;
  /** Secrets that the configuration names by relative paths, for systemd to hand over from beside it. */
  readonly credentials: readonly string[];
}

/** Where systemd keeps the state of a service called so; the node finds it in `STATE_DIRECTORY`. */
export const UNIT_STATE = 'myrmex';

/**
 * A systemd unit that starts the node at boot, knows when it is ready, starts it again when it hangs or fails, and lets
 * it touch nothing it does not need. Directives: systemd.service(5), systemd.exec(5), systemd.unit(5).
 */
export const serviceUnit = (facts: UnitFacts): string => {
  const { name, command, configuration, state, credentials } = facts;
  const folder = configuration?.replace(/\/[^/]*$/, '') || '/';
  const exec = [...command, 'run', ...(configuration === null ? [] : ['--config', configuration])].map(quoted);
  return `# Made by "myrmex service unit". Install as /etc/systemd/system/myrmex.service, then:
#   systemctl daemon-reload && systemctl enable --now myrmex
[Unit]
Description=${escaped(`Myrmex gateway ${name}`)}
Wants=network-online.target
After=network-online.target time-sync.target
# Nobody stands beside a gateway to reset a limit: RestartSec alone slows repeated starts down.
StartLimitIntervalSec=0

[Service]
ExecStart=${exec.join(' ')}
WorkingDirectory=${escaped(folder)}
# A status line a second, for programs that start the node themselves; the journal gets the log.
StandardOutput=null
# A gateway's threads allocate little: without this each would keep freed memory of its own (mallopt(3)).
Environment=MALLOC_ARENA_MAX=2
Type=notify
# The messages come from systemd-notify, which the node starts.
NotifyAccess=all
WatchdogSec=30
TimeoutStartSec=90
# The node needs 5 s at most.
TimeoutStopSec=10
KillMode=mixed
Restart=on-failure
RestartSec=10
# A wrong command line stays wrong.
RestartPreventExitStatus=2

${secretLines(credentials, folder)}
# A user that exists only while the service runs, and owns ${UNIT_STATE} below /var/lib.
DynamicUser=yes
StateDirectory=${UNIT_STATE}
StateDirectoryMode=0700
${state === null ? '' : `ReadWritePaths=${quoted(state)}\n`}UMask=0077
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
# Sensors on /dev need PrivateDevices=no and one DeviceAllow= each.
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute= is not possible: V8 compiles JavaScript and wasm while it runs.

[Install]
WantedBy=multi-user.target
`;
};

const secretLines = (credentials: readonly string[], folder: string): string => {
  const why = '# Read by systemd as root and shown to the node alone; the configuration names them without a folder.\n';
  if (credentials.length === 0) return `${why}# LoadCredential=mqtt-password:/etc/myrmex/mqtt-password\n`;
  return why + credentials.map((name) => `LoadCredential=${escaped(`${name}:${folder}/${name}`)}\n`).join('');
};

/** `%` begins a specifier everywhere in a unit. */
const escaped = (text: string): string => text.replaceAll('%', '%%');

/** One word of a command line (systemd.syntax(7)): `$` begins a variable there. */
const quoted = (word: string): string => {
  const safe = escaped(word).replaceAll('$', '$$$$');
  return /^[\w./:@%$=-]+$/.test(safe) ? safe : `"${safe.replace(/[\\"]/g, '\\$&')}"`;
};
