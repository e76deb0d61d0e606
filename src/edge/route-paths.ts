import { JSON_BODY_LIMIT_BYTES, type Route } from '../contract/route.ts';
import { ROUTES, STREAM_URL } from '../contract/routes.ts';

/** Path matchers of what the edge lets through: the edge's routes and the WebSocket. */
export function knownPaths(): readonly string[] {
  const paths = unique([...edgeRoutes().map(({ url }) => pathMatcher(url)), STREAM_URL]);
  return paths.filter((path) => !paths.some((wider) => wider !== path && covers(wider, path)));
}

export interface BodyLimit {
  readonly name: string;
  readonly matcher: string;
  readonly limitBytes: number;
}

/** One limit for the routes that set their own, and that of JSON for everything else. */
export function bodyLimits(): readonly BodyLimit[] {
  const special = edgeRoutes().filter((route) => route.bodyLimit !== undefined);
  const limits = [...Map.groupBy(special, (route) => route.bodyLimit ?? 0)].map(([limitBytes, routes]) => {
    const paths = unique(routes.map(({ url }) => pathMatcher(url)));
    return { name: groupName(paths[0] ?? ''), matcher: `path ${paths.join(' ')}`, limitBytes };
  });
  const others = unique(special.map(({ url }) => pathMatcher(url)));
  return [
    ...limits,
    { name: 'other', matcher: `not path ${others.join(' ')}`, limitBytes: JSON_BODY_LIMIT_BYTES },
  ];
}

function edgeRoutes(): readonly Route[] {
  return Object.values(ROUTES).filter((route) => route.door === 'both');
}

function pathMatcher(url: string): string {
  return url.replaceAll(/:[^/]+/g, '*');
}

/** A matcher that ends with a star takes everything below. */
function covers(wider: string, path: string): boolean {
  return wider.endsWith('*') && path.startsWith(wider.slice(0, -1));
}

/** `/api/v1/uploads` -> uploads; `/hooks/*` -> hooks. */
function groupName(path: string): string {
  return path.split('/').findLast((part) => /^[a-z-]+$/.test(part)) ?? 'special';
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
