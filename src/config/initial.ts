import { type Configuration, DEFAULT_CONFIGURATION } from '../contract/configuration.ts';

/** The `sfp-server.yaml` that `sfp-server init` writes: the defaults, and as comments what one adds next. */
export function initialConfiguration(options: {
  readonly vault: Configuration['vault']['provider'];
}): string {
  const { concurrency, edge, idempotency, isolation, log, queue, retention, standby } = DEFAULT_CONFIGURATION;
  return `# sfp-server.yaml: what this server may do. Every key has a default.
# The daemon reads the file again on SIGHUP; a file with a mistake changes nothing and is named in the log.

# How many operations run at once.
concurrency: ${concurrency}

# How many workers wait for work, some 70 MB each, so that it starts at once. 0: none.
standby: ${standby}

# Git and commands run in a sandbox. preferred: with those parts that the machine has (sfp-server doctor); required: not
# without all of them.
isolation: ${isolation}

# Where long-lived secrets are: keychain (the system's own), file (encrypted, in state/vault), or command: a program of yours.
vault:
  provider: ${options.vault}
  # command: [/usr/local/bin/sfp-vault] # for the provider command; docs/secrets.md

# Where Caddy listens for the outside world: sfp-server caddy show prints its configuration.
edge:
  host: ${edge.host}
  port: ${edge.port}
  tls: ${edge.tls} # internal: a certificate of Caddy's own; acme: a public one; off: plain HTTP
  # group: caddy # the group that Caddy runs in; the daemon's own without it

log:
  level: ${log.level} # debug, info, warn or error

# The same Idempotency-Key and request again answer with the first operation, for so long.
idempotency:
  keepHours: ${idempotency.keepHours}

# How many operations may wait, also for their time. More are refused with 429 and Retry-After.
queue:
  limit: ${queue.limit}
  limitPerTenant: ${queue.limitPerTenant} # lower, so that one tenant leaves room for others

# How long what is over is kept, and how much of it; what is reached first counts, and the oldest goes.
retention:
  operations: { days: ${retention.operations.days}, atMost: ${retention.operations.atMost} } # that have ended
  events: { days: ${retention.events.days}, atMost: ${retention.events.atMost} } # progress and logs of operations
  deliveries: { days: ${retention.deliveries.days}, atMost: ${retention.deliveries.atMost} } # webhooks; a body that is known is not taken again
  database: { atMostMegabytes: ${retention.database.atMostMegabytes} } # above it the oldest go, however young
  artifacts: { days: ${retention.artifacts.days}, atMostMegabytes: ${retention.artifacts.atMostMegabytes} } # what commands have kept
  logs: { days: ${retention.logs.days}, atMostMegabytes: ${retention.logs.atMostMegabytes} } # the server's own

# Salesforce orgs that rules may name. Log in with: sfp-server org login jwt -a uat …
orgs:
  # uat: {} # { pauseWhenIndeterminate: false }: deploy on, though nobody knows what became of the last one
  # production:
  #   timeZone: Europe/Berlin # UTC without it
  #   window: # deployments start only then; one that ends "earlier" than it begins passes midnight
  #     - { days: [mon, tue, wed, thu], from: "20:00", to: "06:00" }
  #   freeze: # and not then; the last day too
  #     - { from: 2026-12-18, to: 2027-01-06, reason: Christmas }

# Several orgs under one name: work that names the pool runs in whichever has a free lane first.
pools:
  # anywhere: [uat, production]

# The only directories that a source {directory: …} may lie in. Absolute.
directories:
  # - /srv/metadata

# Git repositories, and the secret for private ones: sfp-server secret set github
repos:
  # crm: { url: https://github.com/acme/crm.git, secret: github }

# Inbound webhooks at POST /hooks/<name>. Store the signing secret with: sfp-server secret set github-webhook
# The first rule that matches makes an operation. "on" holds the usual conditions; "if" is JSONata over
# hook, event, headers and payload; strings of input, labels, org and supersede.key may hold {{ JSONata }}.
hooks:
  # github:
  #   kind: github
  #   secret: github-webhook
  #   rules:
  #     - name: pull request
  #       on: { event: pull_request, action: [opened, synchronize, reopened], branch: main }
  #       if: payload.pull_request.draft = false
  #       task: salesforce.deploy
  #       org: uat
  #       priority: normal # critical, normal or batch
  #       input:
  #         checkOnly: true
  #         source: { git: { repo: crm, ref: "{{ payload.pull_request.head.sha }}" } }
  #       labels: { pull-request: "{{ payload.number }}" }
  #       supersede: { key: "pr-{{ payload.number }}", running: cancel }
  #     - name: push to main
  #       on: { event: push, branch: main }
  #       task: salesforce.deploy
  #       org: uat
  #       input: { source: { git: { repo: crm, ref: "{{ payload.after }}" } } }

# What runs by itself: minute, hour, day, month, weekday. See what comes next with: sfp-server schedule list
schedules:
  # nightly-validation:
  #   cron: "30 2 * * MON-FRI"
  #   timeZone: Europe/Berlin # UTC without it
  #   overlap: skip # or queue: what happens while an earlier one has not ended
  #   catchUp: skip # or once: what happens after the server was down at the time
  #   task: salesforce.deploy
  #   org: uat
  #   input: { checkOnly: true, source: { git: { repo: crm, ref: main } } }

# Programs that operations may run: a list of words, never a shell. docs/tasks/command.md says all of it.
commands:
  # validate: { preset: sf.validate, timeoutSeconds: 7200 }
  # load:
  #   run: [node, scripts/load.mjs, --file, "{{ with.file }}"]
  #   input: { properties: { file: { type: string } }, required: [file] }
  #   org: true # its session is in SF_ACCESS_TOKEN and SF_ORG_INSTANCE_URL
  #   source: true

# CLIs that commands use, in exact versions. Install them with: sfp-server tools install
tools:
  # sf: { npm: "@salesforce/cli@2.150.6" }
`;
}
