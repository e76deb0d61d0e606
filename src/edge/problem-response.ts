import { ERRORS, type ErrorCode } from '../contract/errors.ts';
import { PROBLEM_MEDIA_TYPE, type Problem } from '../contract/problem.ts';
import { block, type Line } from './caddyfile-text.ts';

/** What Caddy answers itself, in the form that the daemon's own failures have. */
export function errorBlock(): Line[] {
  return block('handle_errors', [
    'import answers',
    `header Content-Type ${PROBLEM_MEDIA_TYPE}`,
    ...answerTo('tooLarge', '== 413', {
      ...meaning('body-too-large'),
      title: 'Payload Too Large',
      detail: 'The request body is larger than this route takes.',
    }),
    ...answerTo('notFound', '== 404', {
      ...meaning('route-not-found'),
      title: 'Not Found',
      detail: 'There is nothing at this path.',
    }),
    ...answerTo('down', '>= 502', {
      ...meaning('daemon-not-running'),
      title: 'Service Unavailable',
      detail: 'The server behind this address does not answer.',
      hint: 'Try again in a moment; accepted work is kept.',
    }),
    respond('', {
      ...meaning('internal'),
      title: 'Internal Server Error',
      detail: 'The request could not be passed on.',
    }),
  ]);
}

/** The answer to a request for a host name that this server does not have. */
export function misdirected(): Line[] {
  return [
    `header Content-Type ${PROBLEM_MEDIA_TYPE}`,
    respond('', {
      ...meaning('route-not-found'),
      status: 421,
      title: 'Misdirected Request',
      detail: 'This server does not answer under this host name.',
      hint: 'Use the host name under edge: in sfp-server.yaml.',
    }),
  ];
}

type Meaning = Pick<Problem, 'status' | 'code' | 'hint'>;

function meaning(code: ErrorCode): Meaning {
  return { status: ERRORS[code].status, code, hint: ERRORS[code].hint };
}

function answerTo(name: string, status: string, problem: Omit<Problem, 'type'>): Line[] {
  return [`@${name} expression {err.status_code} ${status}`, respond(`@${name} `, problem)];
}

/** Backquotes, so that JSON stands as it is. */
function respond(matcher: string, problem: Omit<Problem, 'type'>): Line {
  const { title, status, detail, code, hint } = problem;
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code, hint });
  return `respond ${matcher}\`${body}\` ${status}`;
}
