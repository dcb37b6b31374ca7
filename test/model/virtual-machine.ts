import type { FaultCode } from '../../platform/fault.ts';
import type { ChildLink } from '../../supervisor/child/child-link.ts';
import type { Draws } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { type FileNode, VirtualDisk } from './virtual-disk.ts';
import { createVirtualFiles, nodeAt } from './virtual-files.ts';
import type { Behaviour, VirtualServer } from './virtual-server.ts';
import { HALF_CONVERTED } from './virtual-server.ts';

export const PLACES = {
  bundle: '/om/OM Business',
  oldBundle: '/om/OM Business_old',
  stagingFolder: '/om/.om-launcher-model',
  stateFolder: '/state',
  manifestFolder: '/state/manifests',
} as const;
export const ORDERS_FOLDER = '/state/orders';
export const OUTBOX_FOLDER = '/state/outbox';
export const BACKUPS_FOLDER = '/state/data-backups';
export const DATA_FILE = '/data/Muster.4DD';
/** Of each bundle: all of one version, or the bundle is a mixture. */
export const PROGRAM_FILES = ['release', 'program', 'resources'] as const;
export const SETTINGS_FILE = 'settings';
export const ADMIN_SETTINGS = 'as the admin wants it';

/** What happens at a call that changes something. */
export type Strike =
  | { readonly kind: 'kill' }
  | { readonly kind: 'power-cut' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly calls: number };

export type Property =
  'bundle' | 'moves' | 'half-run' | 'commit' | 'users' | 'one-server' | 'starts' | 'journal' | 'rest' | 'data';

export interface Violation {
  readonly property: Property;
  readonly what: string;
}

/** The machine on which launchers come and go: what lives on when one of them dies. */
export class VirtualMachine {
  readonly clock = new VirtualClock();
  readonly disk: VirtualDisk;
  readonly draws: Draws;
  readonly behaviours = new Map<string, Behaviour>();
  readonly servers: VirtualServer[] = [];
  readonly violations: Violation[] = [];
  readonly moves: string[] = [];
  /** Of the launcher that runs now. */
  link: ChildLink | undefined;
  versionBeforeOrder: string | undefined;
  usersOfEachStart = 0;
  /** The server does not tell who works on it. */
  sessionsHidden = false;
  /** The server backs its data up until then. */
  backupUntil = 0;
  /** What those who log in are shown: the notice of the moment. */
  boardUntil: number | undefined;
  /** The journal could not be written for a while: the server was started for the users, and stopped again to turn back. */
  wasStuck = false;
  /** A person said that those whom the launcher cannot see may be cut off now. */
  vouched = false;
  /** A person stops the server with its launcher: that breaks no promise. */
  stoppedByPerson = false;
  /** While it is down, requests fail or hang. */
  network: 'up' | 'down' | 'hanging' = 'up';
  boots = 1;
  calls = 0;
  /** Calls that read. */
  reads = 0;
  /** Number of the launcher that may act; every earlier one is dead. */
  generation = 0;
  private pids = 1_000;

  constructor(draws: Draws, options: { readonly honestDisk: boolean }) {
    this.draws = draws;
    this.disk = new VirtualDisk({ honest: options.honestDisk, now: () => this.clock.passed });
  }

  nextPid(): number {
    return (this.pids += 1);
  }

  living(): readonly VirtualServer[] {
    return this.servers.filter(({ alive }) => alive);
  }

  story(what: string): void {
    this.moves.push(`${(this.clock.passed / 1_000).toFixed(3)} s, call ${this.calls}: ${what}`);
  }

  violated(property: Property, what: string): void {
    this.story(`VIOLATED (${property}): ${what}`);
    this.violations.push({ property, what });
  }

  /** The launcher of the moment is no more; nothing of it acts again. */
  endLauncher(): void {
    this.generation += 1;
    this.link = undefined;
    this.boardUntil = undefined;
    this.vouched = false;
  }

  cutPower(): void {
    this.endLauncher();
    for (const server of this.living()) server.end({ kind: 'gone' });
    this.disk.cutPower(this.draws);
    this.boots += 1;
  }

  dataFormat(): number {
    const text = this.textAt(DATA_FILE);
    return text === undefined ? Number.NaN : Number(text.slice('format '.length));
  }

  /** The server's own journal makes its writes safe: they are on disk at once. */
  setDataFormat(format: number): void {
    if (format === HALF_CONVERTED) this.story('the data is half converted');
    const node = nodeAt(this.disk, DATA_FILE);
    if (node?.kind !== 'file') return;
    replace(node, `format ${format}`);
    node.modifiedMs = this.clock.now();
  }

  textAt(path: string): string | undefined {
    const node = nodeAt(this.disk, path);
    return node?.kind === 'file' ? node.content.toString('utf8') : undefined;
  }

  namesAt(path: string): readonly string[] {
    const node = nodeAt(this.disk, path);
    return node?.kind === 'folder' ? [...node.names.keys()].sort() : [];
  }

  /** The version of a bundle, or what is wrong with it. */
  versionAt(bundle: string): string {
    const found = new Set(PROGRAM_FILES.map((name) => this.textAt(`${bundle}/${name}`) ?? 'nothing'));
    return [...found].join('+');
  }

  /** The machine as it was before the first launcher ran. */
  async install(version: string): Promise<void> {
    const files = createVirtualFiles({ disk: this.disk, now: () => this.clock.now() });
    await files.makeFolder(PLACES.bundle, 0o755);
    await files.makeFolder('/data', 0o755);
    for (const name of PROGRAM_FILES) await files.writeDurably(`${PLACES.bundle}/${name}`, version);
    await files.writeDurably(`${PLACES.bundle}/${SETTINGS_FILE}`, ADMIN_SETTINGS);
    await files.writeDurably(DATA_FILE, 'format 1');
    this.disk.flush();
  }
}

function replace(node: FileNode, text: string): void {
  node.content = Buffer.from(text);
  node.synced = node.content;
}
