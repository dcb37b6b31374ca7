import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { type Fault, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ReleaseDelta, SignedFile } from '../release.ts';
import {
  deltaManifestTarget,
  deltaPackTarget,
  isSha256,
  MANIFEST_LIMIT,
  parseDeltaName,
  parseTarget,
  type ReleaseAddress,
} from './layout.ts';
import type { SignedTarget } from './target-custom.ts';

/** Largest pack of a delta, bytes: it is never published when it nears the full pack's size. */
const DELTA_LIMIT = 64 * 1024 ** 3;

/** `custom` of a delta's manifest target; unknown fields are let through, so that later publishers may add some. */
const DeltaCustom = Type.Object({
  schema: Type.Literal(1),
  from: Type.String({ minLength: 1, maxLength: 64 }),
  pack: Type.Object({
    path: Type.String({ maxLength: 256 }),
    length: Type.Integer({ minimum: 0, maximum: DELTA_LIMIT }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
});

/** The signed targets of a delta, by path, as they stand in targets metadata. */
export function encodeDeltaTargets({ from, manifest, pack }: ReleaseDelta): Readonly<Record<string, object>> {
  const custom: Static<typeof DeltaCustom> = { schema: 1, from, pack: { ...pack } };
  return {
    [manifest.path]: { length: manifest.length, hashes: { sha256: manifest.sha256 }, custom },
    [pack.path]: { length: pack.length, hashes: { sha256: pack.sha256 } },
  };
}

/** Whether a target path names a file of a delta, to whatever release. */
export function isDeltaTarget(path: string): boolean {
  return parseDeltaName(parseTarget(path)?.name ?? '') !== undefined;
}

/** The deltas to a release among signed targets, by the version that they begin at; what is signed but wrong is a problem. */
export function deltasTo(
  targets: Readonly<Record<string, SignedTarget>>,
  to: ReleaseAddress,
): { readonly deltas: readonly ReleaseDelta[]; readonly problems: readonly Fault[] } {
  const deltas: ReleaseDelta[] = [];
  const problems: Fault[] = [];
  for (const target of Object.values(targets)) {
    const named = parseDeltaName(parseTarget(target.path)?.name ?? '');
    if (named?.part !== 'manifest' || target.path !== deltaManifestTarget(to, named.from)) continue;
    const delta = decodeDelta(targets, target, to, named.from);
    if (delta.ok) deltas.push(delta.value);
    else problems.push(delta.fault);
  }
  return { deltas: deltas.sort((a, b) => (a.from < b.from ? -1 : 1)), problems };
}

/** Errors: `metadata-invalid`, `newer-schema`, `wrong-target`, `too-large`. */
function decodeDelta(
  targets: Readonly<Record<string, SignedTarget>>,
  target: SignedTarget,
  to: ReleaseAddress,
  from: string,
): Result<ReleaseDelta> {
  const { custom } = target;
  if (typeof custom === 'object' && custom !== null && 'schema' in custom && custom.schema !== 1)
    return refuse(target.path, 'newer-schema', 'the delta was published for a newer launcher');
  if (!Value.Check(DeltaCustom, custom)) {
    const first = Value.Errors(DeltaCustom, custom).First();
    return refuse(target.path, 'metadata-invalid', `custom${first?.path ?? ''}: ${first?.message ?? 'wrong shape'}`);
  }
  if (custom.from !== from || custom.pack.path !== deltaPackTarget(to, from))
    return refuse(target.path, 'wrong-target', 'the delta is published for other releases than it says');
  const { path, length, sha256 } = custom.pack;
  const pack = Object.hasOwn(targets, path) ? targets[path] : undefined;
  if (pack?.length !== length || pack.hashes['sha256'] !== sha256)
    return refuse(target.path, 'metadata-invalid', 'the delta and its pack contradict each other');
  const manifest = signedFileOf(target);
  return manifest.ok ? succeed({ from, manifest: manifest.value, pack: { path, length, sha256 } }) : manifest;
}

function signedFileOf({ path, length, hashes }: SignedTarget): Result<SignedFile> {
  const { sha256 = '' } = hashes;
  if (!isSha256(sha256)) return refuse(path, 'metadata-invalid', 'the target has no SHA-256 digest');
  if (!Number.isSafeInteger(length) || length < 0 || length > MANIFEST_LIMIT)
    return refuse(path, 'too-large', `a delta manifest of ${length} bytes is beyond the limit`);
  return succeed({ path, length, sha256 });
}

function refuse(path: string, code: Fault['code'], detail: string): Result<never> {
  return fail(faultOf(code, detail, { values: { target: path } }));
}
