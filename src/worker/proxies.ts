import { PROXY_VARIABLES } from '../contract/proxies.ts';

type Variables = Readonly<Record<string, string>>;

/** For a program without a network, which has no use for their addresses. */
export function withoutProxies(environment: Variables): Variables {
  const names: readonly string[] = PROXY_VARIABLES;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

/** What is secret of the proxies' addresses: a password, and how it is sent together with its user. */
export function proxySecrets(environment: Variables): readonly string[] {
  return PROXY_VARIABLES.flatMap((name) => {
    const address = URL.parse(environment[name] ?? '');
    if (address === null) return [];
    const [user, password] = [decoded(address.username), decoded(address.password)];
    return password === '' ? [user] : [password, `${user}:${password}`];
  }).filter((secret) => secret !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
