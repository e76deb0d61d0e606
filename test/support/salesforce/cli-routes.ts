import { type Answer, type Call, type CallName, refuseCall } from './answers.ts';
import { API, type Handler, type RouteParts, standardRecords, userOf } from './routes.ts';
import { metadataApi } from './soap.ts';

/** What the real sf and sfp ask beside the calls of our own tasks. */
export function cliRoutes(): readonly (readonly [
  name: CallName,
  method: string,
  path: RegExp,
  handler: Handler,
])[] {
  return [
    ['record', 'GET', new RegExp(`^${API}/sobjects/User/(?<id>005\\w+)$`), user],
    ['record', 'POST', new RegExp(`^${API}/sobjects/(?<id>\\w+)/?$`), create],
    ['soap', 'POST', /^\/services\/Soap\/m\/(?<version>\d+\.\d)$/, metadataApi],
  ];
}

/** The record is not kept: nobody asks for it again. */
function create(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  if (!Object.hasOwn(parts.records(), call.id)) throw refuseCall(404, 'NOT_FOUND', 'No such object');
  return { status: 201, body: { id: 'a00000000000001AAA', success: true, errors: [] } };
}

function user(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  const found = standardRecords(parts)
    ['User']?.()
    .find((record) => record['Id'] === call.id);
  if (found === undefined) throw refuseCall(404, 'NOT_FOUND', 'The requested resource does not exist');
  return { status: 200, body: { attributes: { type: 'User' }, ...found } };
}
