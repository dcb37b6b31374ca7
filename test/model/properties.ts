import { openInstalledRecords } from '../../installer/update/installed.ts';
import { readJournal, listJournals } from '../../installer/update/journal.ts';
import { factsOf, type JournalEntry, orderOf } from '../../installer/update/journal-entry.ts';
import type { Outcome } from '../../installer/update/order.ts';
import { silentLog } from '../../platform/log.ts';
import { PIPELINE } from '../../installer/update/pipeline.ts';
import type { Scenario } from './scenario.ts';
import { HALF_CONVERTED } from './virtual-server.ts';
import { createVirtualFiles } from './virtual-files.ts';
import {
  ADMIN_SETTINGS,
  BACKUPS_FOLDER,
  DATA_FILE,
  ORDERS_FOLDER,
  PLACES,
  SETTINGS_FILE,
  type VirtualMachine,
} from './virtual-machine.ts';

/** The longest way: every step begins, is undone where it can be, and the order is closed. */
const MOVES_LIMIT = 28;

/** Looks at the machine once nothing happens any more; gives how the orders ended. */
export async function checkAtRest(
  machine: VirtualMachine,
  scenario: Scenario,
  rested: boolean,
): Promise<readonly string[]> {
  if (!rested) machine.violated('rest', 'it did not come to rest');
  const journals = await readJournals(machine);
  for (const journal of journals) {
    // Neither the end of its first line nor its removal could be forced to disk: the person was told that it was refused.
    if (journal.length > 1 || !machine.wasStuck) checkJournal(machine, journal);
  }
  const outcomes = journals.map((journal) => settledAs(journal) ?? 'open');
  checkServers(machine);
  const whole = !outcomes.includes('held');
  const faults = scenario.readFaults.size > 0 || [...scenario.strikes.values()].some(({ kind }) => kind === 'fault');
  if (whole) checkLeftovers(machine, faults);
  await checkBundle(machine, journals);
  // What has come to rest is on the disk: the power may go now.
  if (rested) {
    machine.cutPower();
    await checkBundle(machine, journals);
  }
  checkData(machine, scenario, outcomes);
  // A durable write that was cut off before its rename is cleared by the next start.
  if (whole) checkLeftovers(machine, true);
  return outcomes;
}

async function readJournals(machine: VirtualMachine): Promise<readonly (readonly JournalEntry[])[]> {
  const files = createVirtualFiles({ disk: machine.disk, now: () => machine.clock.now() });
  const paths = await listJournals(files, ORDERS_FOLDER);
  const journals: (readonly JournalEntry[])[] = [];
  for (const path of paths.ok ? paths.value : []) {
    const read = await readJournal(files, path);
    if (read.ok && read.value.kind === 'journal') journals.push(read.value.journal.entries);
    else if (machine.textAt(path)?.includes('\n') !== false) machine.violated('journal', `${path} cannot be read`);
  }
  return journals;
}

function settledAs(journal: readonly JournalEntry[]): Outcome | undefined {
  return journal.find((entry) => entry.kind === 'settled')?.outcome;
}

/** What holds of every journal, however its order went. Pure but for the report. */
export function checkJournal(machine: Pick<VirtualMachine, 'violated'>, journal: readonly JournalEntry[]): void {
  const { id } = orderOf(journal);
  const kinds = journal.map(({ kind }) => kind);
  if (kinds.filter((kind) => kind === 'settled').length !== 1 || kinds.at(-1) !== 'settled') {
    machine.violated('journal', `${id} is not final: ${kinds.join(' ')}`);
  }
  const moves = new Set(
    journal.flatMap((entry) =>
      entry.kind === 'began' || entry.kind === 'undo-began' ? [`${entry.kind} ${entry.step}`] : [],
    ),
  );
  if (moves.size + 1 > MOVES_LIMIT) machine.violated('moves', `${id} took ${moves.size + 1} moves`);
  for (const rule of PIPELINE) {
    const begun = journal.filter((entry) => entry.kind === 'began' && entry.step === rule.step).length;
    const undone = journal.filter((entry) => entry.kind === 'undo-began' && entry.step === rule.step).length;
    if (begun > rule.attempts) machine.violated('moves', `${id} began ${rule.step} ${begun} times`);
    if (undone > rule.undoAttempts) machine.violated('moves', `${id} undid ${rule.step} ${undone} times`);
    checkHalfRun(machine, journal, rule);
  }
  const commit = journal.findIndex((entry) => entry.kind === 'began' && entry.step === 'commit');
  if (commit >= 0 && journal.slice(commit).some(({ kind }) => kind === 'undo-began')) {
    machine.violated('commit', `${id} was undone after its commit`);
  }
}

/** A step that a crash cut in half and that must be undone is not run again; and nothing that is done is done twice. */
function checkHalfRun(
  machine: Pick<VirtualMachine, 'violated'>,
  journal: readonly JournalEntry[],
  { step, afterCrash }: (typeof PIPELINE)[number],
): void {
  const own = journal.filter((entry) => 'step' in entry && entry.step === step).map(({ kind }) => kind);
  own.forEach((kind, index) => {
    const before = own[index - 1];
    const again =
      kind === 'began' && (before === 'done' || before === 'undone' || (before === 'began' && afterCrash === 'undo'));
    const twice = kind === 'undo-began' && before === 'undone';
    if (again || twice) machine.violated('half-run', `${step}: ${own.join(' ')}`);
  });
}

/** Starts of one launcher's life are spread ever wider; a ping-pong would show as hundreds. */
const STARTS_LIMIT = 90;

function checkServers(machine: VirtualMachine): void {
  if (machine.servers.length > STARTS_LIMIT) machine.violated('starts', `${machine.servers.length} starts`);
  const version = machine.versionAt(PLACES.bundle);
  const living = machine.living();
  if (living.length > 1) machine.violated('one-server', `${living.length} servers at rest`);
  if (living.length === 0 && couldRun(machine, version)) {
    machine.violated('rest', `no server runs, though ${version} could`);
  }
  for (const server of living) {
    if (server.version !== version) machine.violated('bundle', `${server.version} runs, ${version} is live`);
  }
}

function couldRun(machine: VirtualMachine, version: string): boolean {
  const behaviour = machine.behaviours.get(version);
  const starts = behaviour?.start === 'ready' || behaviour?.start === 'hangs';
  const format = machine.dataFormat();
  return starts && (format === HALF_CONVERTED ? behaviour.dataFormat > 1 : format <= behaviour.dataFormat);
}

async function checkBundle(machine: VirtualMachine, journals: readonly (readonly JournalEntry[])[]): Promise<void> {
  const version = machine.versionAt(PLACES.bundle);
  if (!machine.behaviours.has(version)) machine.violated('bundle', `live is ${version}`);
  const expected = expectedVersion(journals);
  if (version !== expected && !journals.some((journal) => settledAs(journal) === 'held')) {
    machine.violated('bundle', `live is ${version} and not ${expected}`);
  }
  if (machine.textAt(`${PLACES.bundle}/${SETTINGS_FILE}`) !== ADMIN_SETTINGS) {
    machine.violated('bundle', 'the settings of the admin are lost');
  }
  const files = createVirtualFiles({ disk: machine.disk, now: () => machine.clock.now() });
  const read = await openInstalledRecords({ files, log: silentLog, clock: machine.clock }, PLACES.stateFolder).read();
  const record = read.ok ? read.value : undefined;
  if (record?.live !== undefined && record.live.version !== version && version === expected) {
    machine.violated('journal', `the record says ${record.live.version}, live is ${version}`);
  }
}

/** What the orders have made of the machine: each that was final has changed it, no other has. */
function expectedVersion(journals: readonly (readonly JournalEntry[])[]): string {
  return journals.reduce((version, journal) => {
    const outcome = settledAs(journal);
    const final = outcome === 'updated' || outcome === 'rolled-back';
    return final ? (factsOf(journal, 'preflight')?.to ?? version) : version;
  }, '2026.1.0');
}

function checkData(machine: VirtualMachine, { policy }: Scenario, outcomes: readonly string[]): void {
  const version = machine.versionAt(PLACES.bundle);
  const format = machine.dataFormat();
  const wanted = machine.behaviours.get(version)?.dataFormat ?? Number.NaN;
  const left = outcomes.includes('held') || !policy.restoreDataOnFallback;
  if (Number.isNaN(format)) machine.violated('data', `${DATA_FILE} is gone`);
  else if (format > wanted && !left) machine.violated('data', `${version} cannot read format ${format}`);
}

const KNOWN_STATE =
  /^(installed\.json|swap-plan\.json|orders|outbox|manifests|logs|data-backups|server-alarm\.json|server-child\.(json|token))$/;

/** Nothing unknown lies about. */
function checkLeftovers(machine: VirtualMachine, mayBeUnfinished: boolean): void {
  const unfinished = (name: string): boolean => mayBeUnfinished && /^\..+\.tmp$/.test(name);
  const all = [
    ...machine.namesAt('/om').filter((name) => !/^(OM Business|OM Business_old|\.om-launcher-model)$/.test(name)),
    // What has expired is emptied at every start and every hour.
    ...machine.namesAt(PLACES.stagingFolder).flatMap((name) => (name === 'expired' ? [] : [`staging/${name}`])),
    ...machine.namesAt(PLACES.stateFolder).filter((name) => !KNOWN_STATE.test(name)),
    ...machine.namesAt(PLACES.stateFolder).filter((name) => name === 'swap-plan.json'),
    ...machine
      .namesAt(ORDERS_FOLDER)
      .filter((name) => !/(\.journal|^reserve)$/.test(name) && !wasNeverOrdered(machine, name)),
    ...machine.namesAt('/data').filter((name) => !/^Muster\.4DD(\.before-restore-.+)?$/.test(name)),
    ...machine.namesAt(BACKUPS_FOLDER).filter((name) => !/^(order-\d{4}|backups\.json)$/.test(name)),
  ];
  const unknown = all.filter((name) => !unfinished(name));
  if (unknown.length > 0) machine.violated('rest', `left behind: ${unknown.join(', ')}`);
}

/** An order whose first line was not on disk when the power went: nobody was told that it was taken. */
function wasNeverOrdered(machine: VirtualMachine, name: string): boolean {
  return name.includes('.journal.unreadable-') && machine.textAt(`${ORDERS_FOLDER}/${name}`)?.includes('\n') === false;
}
