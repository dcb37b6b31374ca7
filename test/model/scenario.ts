import type { FaultCode } from '../../platform/fault.ts';
import type { Release } from '../../installer/release.ts';
import type { Order } from '../../installer/update/order.ts';
import type { UpdatePolicy } from '../../installer/update/tools.ts';
import type { Draws } from './random.ts';
import { releaseOf } from './virtual-vendor.ts';
import type { Strike, VirtualMachine } from './virtual-machine.ts';
import type { Behaviour } from './virtual-server.ts';

export const [OLD, NEW, NEWER] = ['2026.1.0', '2026.2.0', '2026.3.0'] as const;

/** Everything that is drawn before a run begins; what happens then follows from it. */
export interface Scenario {
  readonly releases: readonly Release[];
  readonly policy: UpdatePolicy;
  readonly orders: readonly Order[];
  /** By the number of the call before which they fall. */
  readonly strikes: ReadonlyMap<number, Strike>;
  /** By the number of the call that reads at which they begin. */
  readonly readFaults: ReadonlyMap<number, Strike & { readonly kind: 'fault' }>;
  /** Milliseconds after the beginning. */
  readonly happenings: readonly { readonly atMs: number; readonly what: Happening }[];
  /** The version that cannot start any more once an order has begun. */
  readonly oldBreaks: boolean;
}

export type Happening =
  | 'cancel'
  | 'postpone'
  | 'continue'
  | 'clock forward'
  | 'clock back'
  | 'network down'
  | 'network hangs'
  | 'network up'
  | 'backup'
  | 'server crash'
  | 'kill'
  | 'power-cut';

const FAULTS: readonly FaultCode[] = ['disk-full', 'io-error', 'no-permission', 'file-held', 'too-many-open-files'];
/** A run of one order makes about this many calls. */
const CALLS = 420;
/** And about as many that read. */
const READS = 600;
const DAY_MS = 86_400_000;

export function drawScenario(draws: Draws, machine: VirtualMachine): Scenario {
  const newFormat = draws.whole(1, 2);
  machine.behaviours.set(OLD, { ...drawBehaviour(draws, 1), start: 'ready' });
  machine.behaviours.set(NEW, drawBehaviour(draws, newFormat));
  machine.behaviours.set(NEWER, drawBehaviour(draws, newFormat));
  machine.usersOfEachStart = draws.whole(0, 3);
  machine.sessionsHidden = draws.chance(0.2);
  return {
    releases: [releaseOf(NEWER, newFormat), releaseOf(NEW, newFormat)],
    policy: drawPolicy(draws),
    orders: drawOrders(draws),
    strikes: drawStrikes(draws),
    happenings: drawHappenings(draws),
    oldBreaks: draws.chance(0.05),
    readFaults: drawReadFaults(draws),
  };
}

function drawBehaviour(draws: Draws, dataFormat: number): Behaviour {
  const usual = draws.chance(0.6);
  return {
    dataFormat,
    start: usual ? 'ready' : draws.oneOf(['exits', 'hangs', 'dies-when-ready', 'lies-about-its-version', 'ready']),
    startMs: draws.whole(100, 3_000),
    convertMs: draws.oneOf([500, 5_000, 40_000]),
    stopMs: draws.chance(0.85) ? draws.whole(0, 3_000) : undefined,
    unkillableMs: draws.chance(0.9) ? 0 : draws.whole(100, 12_000),
  };
}

function drawPolicy(draws: Draws): UpdatePolicy {
  return {
    product: 'business',
    watchMs: draws.oneOf([2_000, 10_000]),
    sampleEveryMs: 1_000,
    passes: 2,
    forgivenCrashes: 2,
    keepOldMs: draws.oneOf([0, 7 * DAY_MS]),
    startLimitMs: 10_000,
    restoreDataOnFallback: draws.chance(0.8),
    reminders: [60, 30, 10],
    backupPatienceMs: 60_000,
  };
}

function drawOrders(draws: Draws): readonly Order[] {
  const count = draws.oneOf([1, 1, 1, 2, 3]);
  return Array.from({ length: count }, (_, index) => {
    const rollback = index > 0 && draws.chance(0.6);
    return {
      id: `order-${String(index + 1).padStart(4, '0')}`,
      kind: rollback ? 'rollback' : 'update',
      orderedBy: 'model',
      delaySeconds: draws.oneOf([0, 5, 20]),
      language: 'en',
      restoreData: true,
      ...(rollback ? {} : { version: index === 0 ? NEW : draws.oneOf([NEW, NEWER]) }),
    };
  });
}

function drawStrikes(draws: Draws): ReadonlyMap<number, Strike> {
  const strikes = new Map<number, Strike>();
  for (let cuts = draws.oneOf([0, 1, 1, 1, 2, 3]); cuts > 0; cuts -= 1) {
    strikes.set(draws.whole(1, CALLS), {
      kind: draws.oneOf(['kill', 'kill', 'power-cut', 'power-cut', 'power-cut', 'leave', 'stop']),
    });
  }
  for (let faults = draws.oneOf([0, 0, 0, 1, 2]); faults > 0; faults -= 1) {
    const calls = draws.oneOf([1, 1, 3, 12, 40]);
    strikes.set(draws.whole(1, CALLS), { kind: 'fault', code: draws.oneOf(FAULTS), calls });
  }
  return strikes;
}

/** What a failing disk or a full table of open files does to whoever reads. */
function drawReadFaults(draws: Draws): Scenario['readFaults'] {
  const faults = Array.from({ length: draws.oneOf([0, 0, 0, 0, 1, 2]) }, () => {
    const code = draws.oneOf(['io-error', 'too-many-open-files'] as const);
    return [draws.whole(1, READS), { kind: 'fault', code, calls: draws.oneOf([1, 1, 2, 6, 30]) }] as const;
  });
  return new Map(faults);
}

function drawHappenings(draws: Draws): Scenario['happenings'] {
  const all: readonly Happening[] = [
    'cancel',
    'cancel',
    'postpone',
    'continue',
    'clock forward',
    'clock back',
    'network down',
    'network hangs',
    'network up',
    'backup',
    'server crash',
    'kill',
    'power-cut',
  ];
  return Array.from({ length: draws.oneOf([0, 0, 1, 1, 2, 4]) }, () => ({
    atMs: draws.whole(0, 60_000),
    what: draws.oneOf(all),
  }));
}
