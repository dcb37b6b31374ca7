import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { SocketPlace } from '../api/socket-path.ts';
import { createListener, type Listener, listenOn } from './listener.ts';
import type { ListenerContext } from './listener-context.ts';
import { type LocalChannelDependencies, prepareSocket, publishSocket, withdrawSocket } from './local-channel.ts';

/** The listener of the local admin channel. */
export interface AdminChannel {
  /** Errors: `launcher-running`, `path-refused`. What the disk refuses is no error: it is tried again until `close`. */
  open(): Promise<Result<void>>;
  close(): Promise<void>;
}

/** These stay as they are, however often one tries. */
const LASTING = new Set(['launcher-running', 'path-refused']);

export function createAdminChannel(
  context: ListenerContext,
  place: SocketPlace,
  stateFolder: string,
  dependencies: LocalChannelDependencies & { readonly clock: Clock; readonly log: Log },
): AdminChannel {
  const { clock, files, log } = dependencies;
  const closing = new AbortController();
  let listener: Listener | undefined;
  let retrying: Promise<void> | undefined;

  async function tryOpen(): Promise<Result<void>> {
    const prepared = await prepareSocket(place, stateFolder, dependencies);
    if (!prepared.ok) return prepared;
    const created = createListener(context, { channel: 'local', scheme: 'http', names: [] });
    const listening = await listenOn(created, { path: place.path });
    if (!listening.ok) return listening;
    listener = created;
    const published = await publishSocket(place, files);
    if (!published.ok) await closeListener();
    return published;
  }

  async function closeListener(): Promise<void> {
    const closed = listener;
    listener = undefined;
    await closed?.close();
    if (closed !== undefined) await withdrawSocket(place, files);
  }

  async function keepTrying(): Promise<void> {
    while ((await clock.sleep(context.limits.rebindMs, closing.signal)) === 'elapsed') {
      if (!(await tryOpen()).ok) continue;
      log.info('the local admin channel is open after all');
      return;
    }
  }

  return {
    async open() {
      const opened = await tryOpen();
      if (opened.ok || LASTING.has(opened.fault.code)) return opened;
      const { code, detail, path } = opened.fault;
      log.warn('the local admin channel cannot be opened; it is tried again', { code, detail, path });
      retrying = keepTrying();
      return succeed();
    },
    async close() {
      closing.abort();
      await retrying;
      await closeListener();
    },
  };
}
