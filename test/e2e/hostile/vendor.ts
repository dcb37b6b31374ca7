import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packBundle } from '../../../installer/pack/writer.ts';
import type { FileManifest } from '../../../installer/release.ts';
import { encodeManifest } from '../../../installer/pack/manifest.ts';
import { openPlatform } from '../../../platform/current.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { testAuthority, testCertificate } from '../../kit/certificates.ts';
import {
  type Misbehaviour,
  type RepositoryServer,
  serveRepository,
} from '../../installer/repository/kit/repository-server.ts';
import {
  createTestRepository,
  type RoleName,
  type TestRepository,
} from '../../installer/repository/kit/tuf-repository.ts';
import { openScene, type Scene } from '../kit/scene.ts';
import { demand } from '../kit/site.ts';

export const OLD = '2026.1.0';
export const NEW = '2026.2.0';

/** A release as it is packed honestly. */
export interface Packed {
  readonly manifest: FileManifest;
  readonly pack: Buffer;
}

/** A customer's machine whose launcher runs, the vendor with all his keys, and the web server between them. */
export interface Stage {
  readonly scene: Scene;
  readonly repository: TestRepository;
  readonly server: RepositoryServer;
  /** Where no redirect may lead. */
  readonly trap: RepositoryServer;
  readonly honest: Packed;
  /** Signs a release of the new version with this content. */
  readonly publish: (manifest: unknown, pack?: Buffer) => void;
  /** Everything as it should be, with later numbers than anything that was seen. */
  beHonest(): void;
}

export async function openStage({ secure = false }: { readonly secure?: boolean } = {}): Promise<Stage> {
  const { platform } = openPlatform().machine;
  const repository = createTestRepository(Date.now());
  const server = await serveRepository(repository.files, secure ? testCertificate('localhost') : undefined);
  const trap = await serveRepository(repository.files);
  const scene = await openScene({ installed: { version: OLD }, updates: updatesFrom(repository, server) });
  await scene.site.release(NEW);
  const [old, honest] = [await packed(scene, OLD), await packed(scene, NEW)];
  const add = (version: string, manifest: unknown, pack: Buffer): void => {
    repository.addRelease(version, { platform, pack, manifest: encodeManifest(manifest as FileManifest) });
  };
  const stage: Stage = {
    scene,
    repository,
    server,
    trap,
    honest,
    publish(manifest, pack = honest.pack) {
      add(NEW, manifest, pack);
      repository.issue();
    },
    beHonest() {
      server.misbehave = () => false;
      for (const path of Object.keys(repository.targets)) Reflect.deleteProperty(repository.targets, path);
      add(OLD, old.manifest, old.pack);
      add(NEW, honest.manifest, honest.pack);
      repository.files.delete(`metadata/${repository.versions.root + 1}.root.json`);
      repository.issue();
    },
  };
  stage.beHonest();
  await scene.start();
  return stage;
}

/** The configuration of a customer who was given the vendor's first root. */
function updatesFrom(repository: TestRepository, server: RepositoryServer): Record<string, string> {
  const folder = temporaryFolder('anchor');
  const [root, ca] = [join(folder, 'root.json'), join(folder, 'authority.pem')];
  writeFileSync(root, repository.firstRoot);
  writeFileSync(ca, testAuthority);
  return { repository: server.url, root, ...(server.url.startsWith('https:') ? { ca } : {}) };
}

async function packed({ site }: Scene, version: string): Promise<Packed> {
  const { files } = openPlatform();
  const packFile = join(site.folder, `${version}.pack`);
  const folder = join(site.folder, 'releases', version);
  const { manifest } = demand(await packBundle(files, { folder, version, packFile, compressionLevel: 1 }));
  return { manifest, pack: readFileSync(packFile) };
}

/** Numbers of a refused list are used again: an honest one must not look older because of them. */
export function keepingVersions(repository: TestRepository, act: () => void): void {
  const before: Record<RoleName, number> = { ...repository.versions };
  act();
  for (const role of Object.keys(before) as RoleName[])
    repository.versions[role] = before[role] + (role === 'root' ? 0 : 1);
}

type Answer = (response: Parameters<Misbehaviour>[1], bytes: Buffer, request: Parameters<Misbehaviour>[0]) => unknown;

/** Answers what is asked below paths of this kind; everything else is served honestly. */
export function answering(paths: RegExp, answer: Answer): Misbehaviour {
  return (request, response, bytes) => {
    if (bytes === undefined || !paths.test(request.url ?? '')) return false;
    answer(response, bytes, request);
    return true;
  };
}
