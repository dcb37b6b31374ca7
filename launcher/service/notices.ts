import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { ServiceManager, ServiceMessage } from '../../platform/service-manager.ts';

/** What the launcher says of itself to the service manager of the operating system. */
export interface ServiceNotices {
  /** The state of the server, one line. */
  status(text: string): void;
  ready(): void;
  stopping(): void;
  /**
   * True when this process stood still for so long that the watchdog has just asked it to end: it is the launcher that
   * was hung, and the server has nothing to do with it.
   */
  wasHung(): boolean;
  /** Sends what is left and falls silent. */
  close(): Promise<void>;
}

interface NoticeParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: nobody listens, and nothing is done. */
  readonly serviceManager?: ServiceManager | undefined;
}

/** Between two messages where no watchdog sets the pace, milliseconds. */
const UNWATCHED_PACE_MS = 20_000;
/** While it starts or stops, each message asks for the time until the third one after it. */
const EXTEND_PACES = 3;
/** The watchdog's signal comes when its time is over; a request that comes later than this is a person's. */
const HUNG_LATELY_MS = 5_000;

/**
 * Ready, status and watchdog as in sd_notify(3). The watchdog is fed from this process's own loop, so that it starves
 * when nothing in it moves any more.
 */
export function createServiceNotices({ clock, log, serviceManager }: NoticeParts): ServiceNotices {
  if (serviceManager === undefined) return SILENT;
  const { watchdogMs } = serviceManager;
  const paceMs = watchdogMs === undefined ? UNWATCHED_PACE_MS : watchdogMs / 2;
  const mailbox = createMailbox(serviceManager, log);
  const heart = createHeart(clock, watchdogMs);
  const ending = new AbortController();
  let phase: 'passing' | 'running' = 'passing';
  let shown: string | undefined;
  const more = { EXTEND_TIMEOUT_USEC: String(Math.ceil(paceMs * EXTEND_PACES * 1_000)) };
  const pulse = async (): Promise<void> => {
    do {
      heart.beat();
      mailbox.put({ ...(watchdogMs !== undefined && { WATCHDOG: '1' }), ...(phase === 'passing' && more) });
    } while ((await clock.sleep(paceMs, ending.signal)) === 'elapsed');
  };
  const pulsing = pulse();
  return {
    status: (text) => {
      if (text !== shown) mailbox.put({ STATUS: text });
      shown = text;
    },
    ready: () => {
      phase = 'running';
      mailbox.put({ READY: '1' });
    },
    stopping: () => {
      phase = 'passing';
      mailbox.put({ STOPPING: '1', ...more });
    },
    wasHung: () => heart.stoodStill(),
    close: async () => {
      ending.abort();
      await pulsing;
      await mailbox.emptied();
    },
  };
}

const SILENT: ServiceNotices = {
  status: () => undefined,
  ready: () => undefined,
  stopping: () => undefined,
  wasHung: () => false,
  close: () => Promise.resolve(),
};

/** Notices when the loop did not come round for longer than the watchdog waits. */
function createHeart(
  clock: Clock,
  watchdogMs = Infinity,
): { readonly beat: () => void; readonly stoodStill: () => boolean } {
  let lastAt = clock.monotonic();
  let hungAt = -Infinity;
  const beat = (): void => {
    const now = clock.monotonic();
    if (now - lastAt > watchdogMs) hungAt = now;
    lastAt = now;
  };
  const stoodStill = (): boolean => {
    // The signal may come round before the timer that is late as well.
    beat();
    return clock.monotonic() - hungAt <= HUNG_LATELY_MS;
  };
  return { beat, stoodStill };
}

/** One message at a time; what comes meanwhile is put together into the next one, the newest value of each name. */
function createMailbox(
  serviceManager: ServiceManager,
  log: Log,
): { readonly put: (message: ServiceMessage) => void; readonly emptied: () => Promise<void> } {
  let waiting: ServiceMessage = {};
  let sending: Promise<void> | undefined;
  let complained = false;
  const send = async (): Promise<void> => {
    while (Object.keys(waiting).length > 0) {
      const message = waiting;
      waiting = {};
      const told = await serviceManager.tell(message);
      if (!told.ok && !complained) log.warn('the service manager cannot be told', { fault: told.fault });
      complained = !told.ok;
    }
    sending = undefined;
  };
  return {
    put: (message) => {
      waiting = { ...waiting, ...message };
      sending ??= Promise.resolve().then(send);
    },
    emptied: async () => {
      await sending;
    },
  };
}
