/** What a failure means to each reader: an HTTP client (`status`), a shell (`exit`), a person (`hint`: the next step). */
export interface ErrorMeaning {
  readonly status: number;
  readonly exit: number;
  readonly hint: string;
}

/** Exit codes of the CLI; 70 is a bug of ours. */
export const EXIT = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  stillRunning: 69,
  bug: 70,
  indeterminate: 75,
  notAllowed: 77,
  configuration: 78,
} as const;

const usage = (status: number, hint: string): ErrorMeaning => ({ status, exit: EXIT.usage, hint });
const failed = (status: number, hint: string): ErrorMeaning => ({ status, exit: EXIT.failed, hint });
const notAllowed = (status: number, hint: string): ErrorMeaning => ({ status, exit: EXIT.notAllowed, hint });
const configuration = (status: number, hint: string): ErrorMeaning => ({
  status,
  exit: EXIT.configuration,
  hint,
});

/** Every expected failure. A code is stable: it is never renamed and never reused for another meaning. */
export const ERRORS = {
  // the request
  'invalid-request': usage(400, 'Correct the named field and send the request again.'),
  'invalid-json': usage(400, 'Send one well-formed JSON document.'),
  'invalid-input': usage(
    422,
    "Compare it with the task's input: sfp-server enqueue --help, or GET /api/v1/tasks.",
  ),
  'unknown-task': usage(422, 'See the kinds of work: sfp-server enqueue --help, or GET /api/v1/tasks.'),
  'unknown-org': usage(
    422,
    'List the known orgs with sfp-server org list, or log in with sfp-server org login.',
  ),
  'org-required': usage(422, 'Name the org: -o ALIAS, or "org" in the request.'),
  'unknown-command': usage(422, 'Declare the command under commands: in sfp-server.yaml.'),
  'unknown-repository': usage(422, 'Declare the repository under repos: in sfp-server.yaml.'),
  'directory-not-allowed': notAllowed(403, 'Name a directory under one of directories: in sfp-server.yaml.'),
  'body-too-large': usage(413, 'Send less; large source code goes to PUT /api/v1/uploads.'),
  'unsupported-media-type': usage(415, 'Send the content type that the route expects.'),
  'idempotency-conflict': usage(422, 'Use a new Idempotency-Key for a different request.'),
  'not-found': failed(404, 'Check its name and the tenant, or list what there is.'),
  'route-not-found': usage(404, 'Check the method and the path; the README lists the routes.'),
  'wrong-state': failed(409, 'Look at the operation first: sfp-server operation show ID.'),
  'lock-expired': failed(409, 'Take a new lock; other work may have run in the org meanwhile.'),
  'lock-not-held': {
    status: 504,
    exit: EXIT.stillRunning,
    hint: 'See what is ahead: sfp-server org list. Wait longer with -w MINUTES.',
  },
  'unknown-channel': usage(400, 'Subscribe to operations, operation:<id> or org:<alias>.'),
  // access
  unauthenticated: notAllowed(
    401,
    'Send a valid API token: Authorization: Bearer …, or SFP_SERVER_TOKEN for sfp-server.',
  ),
  'token-expired': notAllowed(401, 'Create a new token: sfp-server token create.'),
  forbidden: notAllowed(403, 'Use a token with the scope that the route needs.'),
  'control-only': notAllowed(403, "Run this on the server's own machine."),
  // webhooks
  'unknown-hook': failed(404, 'Declare the hook under hooks: in sfp-server.yaml.'),
  'bad-signature': notAllowed(401, 'Give both sides the same secret: sfp-server secret set.'),
  'hook-secret-missing': configuration(503, "Store the hook's secret: sfp-server secret set NAME."),
  'rule-failed': failed(422, 'Correct the rule in sfp-server.yaml, then push again.'),
  // the server and its machine
  'daemon-not-running': failed(503, 'Start it with: sfp-server start --detach'),
  'daemon-running': failed(
    409,
    'Watch it with sfp-server status and sfp-server tail, or stop it: sfp-server stop',
  ),
  'server-unreachable': failed(503, 'Check the URL and that the server runs.'),
  'shutting-down': failed(503, 'Try again in a moment; accepted work is kept.'),
  'too-busy': failed(503, 'Try again in a moment.'),
  'queue-full': failed(
    429,
    'Nothing was accepted. Let some of it run, cancel what nobody needs, or raise queue: in sfp-server.yaml.',
  ),
  'store-unavailable': failed(503, 'Look at the log and at the free disk space of the home.'),
  'store-damaged': configuration(
    503,
    'Stop the server and restore a backup: sfp-server restore FILE --replace. The damaged file is kept.',
  ),
  'file-exists': failed(409, 'Choose another name; nothing is overwritten.'),
  'backup-failed': failed(500, "Write where the server's user may, and where there is room."),
  'backup-invalid': failed(422, 'Use another backup; nothing was changed.'),
  'configuration-invalid': configuration(500, 'Correct sfp-server.yaml at the named place.'),
  'home-missing': configuration(500, 'Create it with: sfp-server init'),
  'socket-path-too-long': configuration(500, 'Choose a shorter SFP_SERVER_HOME.'),
  'port-in-use': configuration(
    500,
    'Stop what uses the port, or choose another one under edge: in sfp-server.yaml.',
  ),
  'caddy-missing': configuration(500, 'Install Caddy (Debian and Ubuntu: apt-get install caddy).'),
  'caddy-failed': configuration(500, 'Read the message of Caddy above.'),
  'systemd-failed': failed(500, 'Read the message of systemd above.'),
  // the tools of commands
  'tool-missing': configuration(
    503,
    'Install what tools: names in sfp-server.yaml: sfp-server tools install',
  ),
  'tool-install-failed': failed(
    500,
    'Read the message of npm above, and check the version and the registry.',
  ),
  // the vault
  'vault-unavailable': configuration(
    503,
    'Unlock the keychain, or choose the file vault: vault: { provider: file }.',
  ),
  'secret-missing': failed(422, 'Store it with sfp-server org login or sfp-server secret set.'),
  'secret-damaged': failed(500, 'Store the secret again.'),
  'secret-invalid': usage(422, 'Give the secret through standard input or a file (-f), in the named form.'),
  // the work
  'login-refused': failed(422, 'Check the login, and log in again: sfp-server org login.'),
  'org-unreachable': failed(502, 'Check the address and the network; it may be tried again.'),
  'org-limit': failed(429, 'The org refused because of a limit; try again later.'),
  'session-expired': failed(502, 'The session ended before the work; try again.'),
  'salesforce-refused': failed(422, 'Read the message of Salesforce and correct the request.'),
  'query-failed': failed(422, 'Correct the SOQL.'),
  'isolation-missing': configuration(
    503,
    'See what is missing, and how to get it: sfp-server doctor. Or set isolation: preferred in sfp-server.yaml.',
  ),
  'sandbox-failed': failed(500, 'See what this machine can isolate, and how to mend it: sfp-server doctor.'),
  'deploy-failed': failed(422, 'Correct the listed components and deploy again.'),
  'deploy-unknown': failed(
    500,
    'Look for it under Setup, Deployment Status in the org, then say what became of it: sfp-server operation resolve ID.',
  ),
  'source-invalid': failed(
    422,
    'Give a Salesforce project (sfdx-project.json) or metadata format (package.xml).',
  ),
  'git-failed': failed(422, 'Check the repository URL, its secret and the ref.'),
  'git-ref-missing': failed(422, 'Push the ref first, or name one that exists.'),
  'upload-missing': failed(422, 'Upload again: PUT /api/v1/uploads.'),
  'too-large': failed(422, 'Keep below the named limit.'),
  'worker-lost': failed(500, 'The worker ended without an outcome; see the log of the operation.'),
  'worker-protocol': failed(500, 'This is a bug; please report it with the log of the operation.'),
  'task-failed': failed(500, 'See the log of the operation.'),
  'command-failed': failed(422, 'Read what the command printed: sfp-server tail ID.'),
  'command-unknown': failed(
    500,
    'Look into the org, then say what became of it: sfp-server operation resolve ID.',
  ),
  'timed-out': failed(504, 'Give the operation more time: timeoutSeconds.'),
  cancelled: failed(409, 'Retry it when it is wanted again: sfp-server operation retry ID.'),
  'still-running': { status: 504, exit: EXIT.stillRunning, hint: 'Follow it: sfp-server tail ID.' },
  internal: { status: 500, exit: EXIT.bug, hint: 'This is a bug; please report it with the log.' },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** An expected failure. `detail` is one sentence saying what happened and where; it never holds a secret. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** When it is worth another try. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; hint?: string; retryAfterSeconds?: number | null } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }
}
