import type { FaultCode } from '../../../platform/fault.ts';
import { newKey, type RoleName, type TestRepository } from '../../installer/repository/kit/tuf-repository.ts';
import { answering, type Stage } from './vendor.ts';

const DAY_MS = 86_400_000;
const TIMESTAMP = /^\/metadata\/timestamp\.json$/u;
const SIGNED: readonly Exclude<RoleName, 'root'>[] = ['timestamp', 'snapshot', 'targets', 'delegated'];

export interface MetadataCase {
  readonly name: string;
  /** What the vendor's keys, or the network, are made to do. */
  readonly act: (stage: Stage) => unknown;
  /** How a look and an order are refused. */
  readonly code: FaultCode;
  /** The list is signed and whole; what it lists is refused, and its version counts as seen. */
  readonly validList?: true;
}

/** Lists that must be refused before a single file of a release is asked for. */
export const METADATA_CASES: readonly MetadataCase[] = [
  ...SIGNED.flatMap(signatureCases),
  {
    name: 'a list signed by the key of another role',
    act: ({ repository }) => repository.issue({ delegated: { keys: repository.keys.targets } }),
    code: 'signature-invalid',
  },
  {
    name: 'a next root that too few of the old keys signed',
    act: ({ repository }) => {
      repository.rotate({ keys: repository.keys.root.slice(0, 1) });
      repository.versions.root -= 1;
    },
    code: 'signature-invalid',
  },
  {
    name: 'yesterday’s timestamp',
    act: ({ repository }) => repository.issue({ timestamp: { version: 1 } }),
    code: 'metadata-rollback',
  },
  ...(['snapshot', 'targets', 'delegated'] as const).map((role): MetadataCase => ({
    name: `a ${role} that is older than one seen, under new lists`,
    act: ({ repository }) => repository.issue({ [role]: { version: 1 } }),
    code: 'metadata-rollback',
  })),
  { name: 'snapshot N with targets N-1', act: mixTargets, code: 'metadata-invalid' },
  {
    name: 'a timestamp version of 2^53',
    act: ({ repository }) => repository.issue({ timestamp: { version: 2 ** 53 } }),
    code: 'metadata-invalid',
  },
  {
    name: 'digests of an unknown kind',
    act: ({ repository }) => snapshotWith(repository, { hashes: { 'blake-9': '0'.repeat(64) } }),
    code: 'metadata-invalid',
  },
  {
    name: 'a snapshot of nested arrays',
    act: ({ repository }) => {
      const version = snapshotWith(repository, {});
      repository.files.set(`metadata/${version}.snapshot.json`, Buffer.from('['.repeat(90_000) + ']'.repeat(90_000)));
    },
    code: 'metadata-invalid',
  },
  ...[
    'business/stable/../linux-x64/full.pack',
    'business/stable/%2e%2e/linux-x64/full.pack',
    'business/stable/1.0/linux-x64\\..\\/full.pack',
  ].map((path): MetadataCase => ({
    name: `the target name ${path}`,
    act: ({ repository }) => addTarget(repository, path),
    code: 'path-refused',
    validList: true,
  })),
  {
    name: 'a target of another product, beyond the delegation',
    act: ({ repository }) => addTarget(repository, 'finance/stable/1.0/linux-x64/full.pack'),
    code: 'wrong-target',
    validList: true,
  },
  ...networkCases(),
];

function signatureCases(role: Exclude<RoleName, 'root'>): readonly MetadataCase[] {
  return [
    {
      name: `${role} without a signature`,
      act: ({ repository }) => repository.issue({ [role]: { keys: [] } }),
      code: 'signature-invalid',
    },
    {
      name: `${role} signed by a stranger`,
      act: ({ repository }) => repository.issue({ [role]: { keys: [newKey()] } }),
      code: 'signature-invalid',
    },
    {
      name: `${role} that has expired`,
      act: ({ repository }) => repository.issue({ [role]: { now: Date.now() - 400 * DAY_MS } }),
      code: 'metadata-expired',
    },
  ];
}

/** What a network in between does to the first file that is asked for. */
function networkCases(): readonly MetadataCase[] {
  const redirect = (name: string, target: (stage: Stage) => string): MetadataCase => ({
    name: `a redirect to ${name}`,
    act: (stage) => {
      const headers = { location: target(stage) };
      stage.server.misbehave = answering(TIMESTAMP, (response) => response.writeHead(302, headers).end());
    },
    code: 'redirect-refused',
  });
  return [
    {
      name: 'a body that never ends',
      act: ({ server }) =>
        (server.misbehave = answering(TIMESTAMP, (response) => {
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(16_384, ' ')));
          };
          response.writeHead(200).on('drain', more);
          more();
        })),
      code: 'body-too-long',
    },
    ...['text/html', 'application/json'].map((type): MetadataCase => ({
      name: `a page that asks for a login, as ${type}`,
      act: ({ server }) =>
        (server.misbehave = answering(TIMESTAMP, (response) =>
          response.writeHead(200, { 'content-type': type }).end('<!doctype html><p>'),
        )),
      code: 'metadata-invalid',
    })),
    {
      name: 'an encoding that nobody asked for',
      act: ({ server }) =>
        (server.misbehave = answering(TIMESTAMP, (response, bytes) =>
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
        )),
      code: 'metadata-invalid',
    },
    redirect('another port of this machine', ({ trap }) => trap.url),
    redirect('this machine by name', ({ trap }) => `http://localhost:${String(trap.port)}/`),
    redirect('this machine in IPv6', ({ trap }) => `http://[::1]:${String(trap.port)}/`),
    redirect('the cloud’s metadata service', () => 'http://169.254.169.254/latest/'),
    redirect('a file', () => 'file:///etc/passwd'),
    redirect('itself without end', ({ server }) => `${server.url}metadata/timestamp.json`),
  ];
}

/** The list of yesterday under the number of today's, as a mirror that mixes them would serve it. */
function mixTargets({ repository }: Stage): void {
  const older = repository.files.get(`metadata/${repository.versions.targets}.targets.json`);
  repository.issue();
  if (older !== undefined) repository.files.set(`metadata/${repository.versions.targets}.targets.json`, older);
}

/** A timestamp that says this of the snapshot; returns the snapshot's version. */
function snapshotWith(repository: TestRepository, more: { readonly hashes?: Record<string, string> }): number {
  const version = repository.versions.snapshot + 1;
  repository.issue({ timestamp: { body: { meta: { 'snapshot.json': { version, ...more } } } } });
  return version;
}

function addTarget(repository: TestRepository, path: string): void {
  repository.targets[path] = { length: 1, hashes: { sha256: '0'.repeat(64) } };
  repository.issue();
}
