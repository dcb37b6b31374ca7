import type { Targets } from '@tufjs/models';
import type { TrustedMetadataStore as TrustedSet } from 'tuf-js/dist/store.js';
import type { Clock } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { fail, succeed, type Result } from '../../platform/result.ts';
import { expiredFault } from './metadata-fault.ts';
import type { RefreshWalk } from './refresh-walk.ts';
import type { RepositoryReader } from './repository-reader.ts';
import { updateSnapshot, updateTargets, updateTimestamp } from './role-updates.ts';
import { anchorOf, beginTrust, walkRoots } from './root-chain.ts';
import { createTrustedMetadataStore } from './trusted-metadata-store.ts';
import {
  checkClock,
  checkFloor,
  createFloorFile,
  effectiveFloor,
  type FloorFile,
  type VersionFloor,
} from './version-floor.ts';

/** A floor whose versions stand still is written again this often, for the sake of its time. */
const FLOOR_INTERVAL_MS = 3_600_000;
/** Nothing expires at this time: for aged files, whose root and targets are checked against the real one. */
const LONG_AGO_MS = 0;

export interface MetadataClientTools {
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
  readonly reader: Pick<RepositoryReader, 'readJson'>;
}

export interface MetadataClientOptions {
  /** The delegated role that signs our releases. */
  readonly role: string;
  readonly stateFolder: string;
  /** The root to begin with, as bytes. */
  readonly root: Uint8Array;
  /** When this launcher was built: the clock cannot be before it. */
  readonly builtAtMs?: number | undefined;
  readonly acceptAged?: boolean | undefined;
}

export interface VerifiedTargets {
  readonly targets: Targets['targets'];
  /** Whether the delegation covers this target path; what lies outside is not this role's to sign (TUF 1.0 §5.6.7). */
  readonly covers: (path: string) => boolean;
  /** When timestamp and snapshot expired, if they had: only with `acceptAged`. */
  readonly expiredAt?: string;
}

export interface MetadataClient {
  /**
   * TUF 1.0 §5: brings the trusted metadata up to date. What was verified before a refusal stays saved, the floor only rises
   * at the end. Errors: `signature-invalid`, `metadata-expired`, `metadata-rollback`, `metadata-invalid`, `clock-wrong`,
   * `wrong-target` (nothing published for us), network and disk faults.
   */
  refresh(signal?: AbortSignal): Promise<Result<VerifiedTargets>>;
}

export function createMetadataClient(tools: MetadataClientTools, options: MetadataClientOptions): MetadataClient {
  const anchor = anchorOf(options.root);
  const store = createTrustedMetadataStore(tools.files, options.stateFolder);
  const floorFile = createFloorFile(tools, options.stateFolder);
  return {
    refresh: async (signal) => {
      const nowMs = tools.clock.now();
      const acceptAged = options.acceptAged ?? false;
      const recorded = await floorFile.read();
      if (!recorded.ok) return recorded;
      const clock = checkClock(nowMs, Math.max(options.builtAtMs ?? 0, recorded.value.verifiedAtMs));
      if (!clock.ok) return clock;
      const begun = await beginTrust(store, tools.log, anchor, recorded.value, acceptAged ? LONG_AGO_MS : nowMs);
      if (!begun.ok) return begun;
      const { reader, log } = tools;
      const start = { trusted: begun.value, reader, store, log, nowMs, acceptAged, signal };
      const rooted = await reachRoot(start, recorded.value);
      if (!rooted.ok) return rooted;
      const walked = await walkRoles(rooted.value, options.role);
      if (!walked.ok) return walked;
      const raised = await raiseFloor(floorFile, recorded.value, rooted.value, options.role, anchor.sha256);
      return raised.ok ? verifiedTargets(rooted.value, options.role) : raised;
    },
  };
}

/** TUF 1.0 §5.3, to its end: the final root must be fresh and no older than one that was seen. */
async function reachRoot(start: Omit<RefreshWalk, 'floor'>, recorded: VersionFloor): Promise<Result<RefreshWalk>> {
  const rooted = await walkRoots(start);
  if (!rooted.ok) return rooted;
  const root = start.trusted.root.signed;
  const floored = checkFloor('root', root.version, recorded.root);
  if (!floored.ok) return floored;
  if (Date.parse(root.expires) <= start.nowMs) return fail(expiredFault('root', root.expires, start.nowMs));
  const floor = effectiveFloor(recorded, signingKeys(start.trusted));
  const rotated = recorded.root > 0 && (floor.timestamp < recorded.timestamp || floor.snapshot < recorded.snapshot);
  // TUF 1.0 §5.3.11: after a rotation of their keys both are forgotten, which ends a fast-forward attack.
  for (const role of rotated ? ['timestamp', 'snapshot'] : []) await start.store.drop(role);
  return succeed({ ...start, floor });
}

async function walkRoles(walk: RefreshWalk, role: string): Promise<Result<void>> {
  const steps = [
    () => updateTimestamp(walk),
    () => updateSnapshot(walk),
    () => updateTargets(walk, 'targets', 'root'),
    () => updateTargets(walk, role, 'targets'),
  ];
  for (const step of steps) {
    const outcome = await step();
    if (!outcome.ok) return outcome;
  }
  return succeed();
}

async function raiseFloor(
  file: FloorFile,
  recorded: VersionFloor,
  walk: RefreshWalk,
  role: string,
  anchor: string,
): Promise<Result<void>> {
  const { trusted, floor } = walk;
  const keys = signingKeys(trusted);
  const versionOf = (name: string): number => trusted.getRole(name)?.signed.version ?? 0;
  const raised: VersionFloor = {
    schema: 1,
    root: trusted.root.signed.version,
    timestamp: Math.max(floor.timestamp, trusted.timestamp?.signed.version ?? 0),
    snapshot: Math.max(floor.snapshot, trusted.snapshot?.signed.version ?? 0),
    targets: { ...floor.targets, 'targets.json': versionOf('targets'), [`${role}.json`]: versionOf(role) },
    timestampKeys: keys.timestamp,
    snapshotKeys: keys.snapshot,
    anchor,
    // An aged file says nothing about today.
    verifiedAtMs: walk.acceptAged ? recorded.verifiedAtMs : Math.max(recorded.verifiedAtMs, walk.nowMs),
  };
  const same = JSON.stringify({ ...raised, verifiedAtMs: 0 }) === JSON.stringify({ ...recorded, verifiedAtMs: 0 });
  return same && raised.verifiedAtMs - recorded.verifiedAtMs < FLOOR_INTERVAL_MS ? succeed() : file.write(raised);
}

function verifiedTargets(walk: RefreshWalk, role: string): Result<VerifiedTargets> {
  const { trusted } = walk;
  const delegation = trusted.targets?.signed.delegations?.roles?.[role];
  const ends = [trusted.timestamp, trusted.snapshot].map((metadata) => metadata?.signed.expires ?? '');
  const [first = ''] = ends.sort((a, b) => Date.parse(a) - Date.parse(b));
  return succeed({
    targets: trusted.getRole(role)?.signed.targets ?? {},
    covers: (path) => delegation?.isDelegatedPath(path) ?? false,
    ...(Date.parse(first) <= walk.nowMs ? { expiredAt: first } : {}),
  });
}

function signingKeys(trusted: TrustedSet): { readonly timestamp: string; readonly snapshot: string } {
  const { roles } = trusted.root.signed;
  const keysOf = (role: string): string => [...(roles[role]?.keyIDs ?? [])].sort().join(' ');
  return { timestamp: keysOf('timestamp'), snapshot: keysOf('snapshot') };
}
