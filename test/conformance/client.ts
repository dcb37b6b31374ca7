#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Targets } from '@tufjs/models';
import { downloadSigned } from '../../installer/repository/download.ts';
import { createHttpReader } from '../../installer/repository/http-reader.ts';
import type { RefreshWalk } from '../../installer/repository/refresh-walk.ts';
import type { RepositoryReader } from '../../installer/repository/repository-reader.ts';
import { updateSnapshot, updateTargets, updateTimestamp } from '../../installer/repository/role-updates.ts';
import { anchorOf, beginTrust, walkRoots } from '../../installer/repository/root-chain.ts';
import type { TrustedMetadataStore } from '../../installer/repository/trusted-metadata-store.ts';
import { NO_FLOOR } from '../../installer/repository/version-floor.ts';
import { openPlatform } from '../../platform/current.ts';
import { faultOf } from '../../platform/fault.ts';
import { silentLog } from '../../platform/log.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';

/**
 * The launcher's TUF code behind the command line of tuf-conformance, whose suite judges any client.
 *
 * Only the walk through delegations is made here: the launcher knows its one role by name. README.md says how to run it.
 */

interface Places {
  readonly metadataDir: string;
  readonly metadataUrl: string;
  readonly targetUrl: string;
  readonly targetDir: string;
  readonly targetName: string;
}

const ROLES_LIMIT = 32;
const platform = openPlatform();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'metadata-dir': { type: 'string', default: '' },
      'metadata-url': { type: 'string', default: '' },
      'target-name': { type: 'string', default: '' },
      'target-base-url': { type: 'string', default: '' },
      'target-dir': { type: 'string', default: '' },
    },
  });
  const places = {
    metadataDir: values['metadata-dir'],
    metadataUrl: values['metadata-url'],
    targetName: values['target-name'],
    targetUrl: values['target-base-url'],
    targetDir: values['target-dir'],
  };
  const [verb, rootFile = ''] = positionals;
  if (verb === 'init') return initialize(places, rootFile);
  const done = verb === 'refresh' ? await refresh(places) : await download(places);
  if (!done.ok) process.stderr.write(`${done.fault.code}: ${done.fault.detail}\n`);
  return done.ok ? 0 : 1;
}

function initialize({ metadataDir }: Places, rootFile: string): number {
  mkdirSync(metadataDir, { recursive: true });
  writeFileSync(join(metadataDir, 'root.json'), readFileSync(rootFile));
  return 0;
}

/** TUF 1.0 §5.3 to §5.6 with the launcher's own steps; its version floor, which the suite does not know, stays out. */
async function refresh(places: Places): Promise<Result<RefreshWalk>> {
  const store = storeIn(places.metadataDir);
  const nowMs = platform.clock.now();
  const root = await store.read('root');
  if (root === undefined) return fail(faultOf('not-found', 'there is no trusted root'));
  const begun = await beginTrust(store, silentLog, anchorOf(root), NO_FLOOR, nowMs);
  if (!begun.ok) return begun;
  const reader = readerOf(places.metadataUrl, 'metadata');
  const state = { trusted: begun.value, reader, store, log: silentLog, nowMs };
  const walk: RefreshWalk = { ...state, acceptAged: false, floor: NO_FLOOR, signal: undefined };
  const rooted = await walkRoots(walk);
  if (!rooted.ok) return rooted;
  const { expires } = walk.trusted.root.signed;
  if (Date.parse(expires) <= nowMs) return fail(faultOf('metadata-expired', 'the final root is expired'));
  for (const step of [updateTimestamp, updateSnapshot, topTargets]) {
    const taken = await step(walk);
    if (!taken.ok) return taken;
  }
  return succeed(walk);
}

function topTargets(walk: RefreshWalk): Promise<Result<void>> {
  return updateTargets(walk, 'targets', 'root');
}

async function download(places: Places): Promise<Result<string>> {
  const walk = await refresh(places);
  if (!walk.ok) return walk;
  const found = await findTarget(walk.value, places.targetName);
  if (!found.ok) return found;
  const { length, hashes, path } = found.value;
  const sha256 = hashes['sha256'];
  if (sha256 === undefined) return fail(faultOf('metadata-invalid', 'the target has no SHA-256 digest'));
  const consistent = walk.value.trusted.root.signed.consistentSnapshot;
  const reader = readerOf(places.targetUrl, 'targets', consistent ? undefined : `${sha256}.`);
  mkdirSync(places.targetDir, { recursive: true });
  const wanted = { path, length, sha256 };
  const tools = { clock: platform.clock, files: platform.files, log: silentLog, reader };
  return downloadSigned(tools, wanted, places.targetDir, encodeURIComponent(path), {});
}

/** TUF 1.0 §5.6.7: before all others the roles of the first delegation that fits, and so on; behind a terminating one nobody is asked. */
async function findTarget(walk: RefreshWalk, path: string): Promise<Result<Targets['targets'][string]>> {
  const waiting: { role: string; delegator: string }[] = [{ role: 'targets', delegator: 'root' }];
  const visited = new Set<string>();
  for (let next = waiting.shift(); next !== undefined && visited.size < ROLES_LIMIT; next = waiting.shift()) {
    if (visited.has(next.role)) continue;
    visited.add(next.role);
    const updated = next.role === 'targets' ? succeed() : await updateTargets(walk, next.role, next.delegator);
    if (!updated.ok) return updated;
    const signed = (next.role === 'targets' ? walk.trusted.targets : walk.trusted.getRole(next.role))?.signed;
    const target = signed !== undefined && Object.hasOwn(signed.targets, path) ? signed.targets[path] : undefined;
    if (target !== undefined) return succeed(target);
    const delegator = next.role;
    const children = [...(signed?.delegations?.rolesForTarget(path) ?? [])];
    const last = children.findIndex(({ terminating }) => terminating);
    if (last >= 0) waiting.splice(0);
    const heard = last < 0 ? children : children.slice(0, last + 1);
    waiting.unshift(...heard.map(({ role }) => ({ role, delegator })));
  }
  return fail(faultOf('release-unknown', 'no role signs such a target'));
}

/** Flat, and named as the suite looks for it. */
function storeIn(folder: string): TrustedMetadataStore {
  const pathOf = (role: string): string => join(folder, `${encodeURIComponent(role)}.json`);
  return {
    read: (role) => Promise.resolve(existsSync(pathOf(role)) ? readFileSync(pathOf(role)) : undefined),
    write: (role, bytes) => platform.files.writeDurably(pathOf(role), bytes, 0o600),
    drop(role) {
      rmSync(pathOf(role), { force: true });
      return Promise.resolve();
    },
  };
}

/** The launcher's repositories have two folders in one place; the suite gives each its own address. */
function readerOf(address: string, folder: string, without = ''): RepositoryReader {
  const rule = { repository: new URL(`${address.replace(/\/$/u, '')}/`), redirectHosts: [], allowLoopback: true };
  const { clock, network } = platform;
  const reader = createHttpReader(clock, { client: network.httpClient({}), network, rule, proxied: 'no' });
  const inside = (path: string): string => path.slice(folder.length + 1).replace(without, '');
  return {
    ...reader,
    readJson: (path, limit, signal) => reader.readJson(inside(path), limit, signal),
    openRange: (path, wish) => reader.openRange(inside(path), wish),
  };
}

process.exit(await main());
