import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { OmSite } from '../e2e/kit/om-site.ts';
import { temporaryOf } from './processes.ts';

/** Names that are not known, and known ones that there are too many of; relative to the machine's folder. */
export function findStrangeFiles(site: OmSite): readonly string[] {
  const below = (folder: string): readonly string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => relative(site.folder, join(folder, name)));
  const paths = [
    ...readdirSync(site.folder),
    ...[temporaryOf(site.folder), join(site.folder, 'Data'), site.stateFolder].flatMap(below),
    // The bundles' own content is compared with what was published.
    ...below(site.officeMaker).filter((path) => !IN_A_BUNDLE.test(path)),
  ];
  const unknown = paths.filter((path) => !KNOWN.some(([pattern]) => pattern.test(path)));
  const tooMany = KNOWN.flatMap(([pattern, most]) => {
    const found = paths.filter((path) => pattern.test(path));
    return found.length > (most ?? Infinity)
      ? [`${found.length} × ${pattern.source}: ${found.slice(0, SHOWN).join(', ')}`]
      : [];
  });
  // What was there a moment ago may be gone: a file that is being replaced is nobody's leftover.
  return [...unknown.filter((path) => existsSync(join(site.folder, path))), ...tooMany];
}

const SHOWN = 4;
const IN_A_BUNDLE = /^Office Maker\/OM Business(_old)?\//;

/** All that may lie there while nothing happens; the second is how many of them at most, where each order must not leave one. */
const KNOWN: readonly (readonly [RegExp, number?])[] = [
  [/^(Data|Office Maker|om-launcher\.json|releases|repository|state|tmp|vendor-keys)$/],
  [/^Data\/Muster\.4DD(\.lock)?$/],
  [/^Office Maker\/(OM Business|OM Business_old|\.om-launcher-demo)$/],
  [/^state\/(installed|schedule|server-alarm|server-child)\.json$/],
  [/^state\/(lock-token|server-child\.token|local|local\/admin\.sock)$/],
  [/^state\/(logs|logs\/launcher\.log|logs\/server\.log|logs\/server-output\.json)$/],
  [/^state\/logs\/(launcher|server)-\d{8}T\d{9}Z\.log$/],
  [/^state\/logs\/crashes(\/fingerprints\.json)?$/],
  [/^state\/logs\/crashes\/crash-\d{8}T\d{9}Z-[0-9a-f]{12}\.json$/],
  [/^state\/manifests$/],
  // Of the live release and the kept one.
  [/^state\/manifests\/[0-9a-f]{64}\.json\.zst$/, 2],
  [/^state\/orders(\/reserve)?$/],
  [/^state\/orders\/\d{8}T\d{9}Z-[\w-]+\.journal$/],
  [/^state\/outbox(\/[0-9a-f]{40}\.json)?$/],
  [/^state\/trusted(\/trust|\/version-floor\.json)?$/],
  [/^state\/trusted\/trust\/[\w-]+\.json$/, 6],
];
