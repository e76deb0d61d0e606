import { type Answer, type Call, type CallName, refuseCall } from './answers.ts';
import { API, type Handler, type RouteParts, standardRecords, userOf } from './routes.ts';

/** What the real sf and sfp ask beside the calls of our own tasks. */
export function CLI_ROUTES(): readonly (readonly [
  name: CallName,
  method: string,
  path: RegExp,
  handler: Handler,
])[] {
  return [['record', 'GET', new RegExp(`^${API}/sobjects/User/(?<id>005\\w+)$`), user]];
}

function user(parts: RouteParts, call: Call): Answer {
  userOf(parts, call);
  const found = standardRecords(parts)
    ['User']?.()
    .find((record) => record['Id'] === call.id);
  if (found === undefined) throw refuseCall(404, 'NOT_FOUND', 'The requested resource does not exist');
  return { status: 200, body: { attributes: { type: 'User' }, ...found } };
}
