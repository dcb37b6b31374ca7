import type { Route } from './route.ts';

/** What an address leads to. */
export type Found =
  | { readonly kind: 'route'; readonly route: Route; readonly id: string }
  /** The address is known with other methods. */
  | { readonly kind: 'other-method'; readonly methods: readonly string[] }
  | { readonly kind: 'unknown' }
  /** What is escaped in it is no text. */
  | { readonly kind: 'malformed' };

/** Longest `:id` in an address, characters. */
const PARAMETER_CHARACTERS = 128;

/** Looks an address up in the route table: whole segments, case and all, `:id` taking any one. */
export function findRoute(routes: readonly Route[], method: string | undefined, path: string): Found {
  const segments = segmentsOf(path);
  if (segments === undefined) return { kind: 'malformed' };
  const matching = routes.flatMap((route) => {
    const id = match(route.path.split('/'), segments);
    return id === undefined ? [] : [{ route, id }];
  });
  const found = matching.find(({ route }) => route.method === method);
  if (found !== undefined) return { kind: 'route', ...found };
  if (matching.length === 0) return { kind: 'unknown' };
  return { kind: 'other-method', methods: matching.map(({ route }) => route.method) };
}

function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The `:id` (or nothing, as text) when the pattern fits. */
function match(pattern: readonly string[], segments: readonly string[]): string | undefined {
  if (pattern.length !== segments.length) return undefined;
  let id = '';
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (expected !== ':id' && expected !== segment) return undefined;
    if (expected === ':id') id = segment;
    if (expected === ':id' && (segment === '' || segment.length > PARAMETER_CHARACTERS)) return undefined;
  }
  return id;
}
