import type { Clock } from '../../platform/clock.ts';
import type { Fault } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { type Result, succeed } from '../../platform/result.ts';
import { type Listener, listenOn, type TlsMaterial, tryCreateListener } from './listener.ts';
import type { ListenerContext } from './listener-context.ts';

export interface TcpOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly names: readonly string[];
}

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** The TCP listener, and what keeps it from listening. */
export interface TcpChannel {
  /** Undefined when it cannot listen now; then it keeps trying until `close`. */
  open(): Promise<TcpAddress | undefined>;
  /** Why it does not listen. */
  fault(): Fault | undefined;
  close(): Promise<void>;
}

/** Largest PEM file, bytes. */
const PEM_BYTES = 256 * 1024;

export function createTcpChannel(
  context: ListenerContext,
  options: TcpOptions,
  dependencies: { readonly clock: Clock; readonly files: Files; readonly log: Log; readonly hostName: string },
): TcpChannel {
  const { clock, files, log } = dependencies;
  const closing = new AbortController();
  let state: { readonly listener?: Listener; readonly fault?: Fault } = {};
  let retrying: Promise<void> | undefined;

  async function tryOpen(): Promise<Result<TcpAddress>> {
    const created = await createWithTls(context, options, files, dependencies.hostName);
    if (!created.ok) return created;
    const listener = created.value;
    // Node would listen on each address of the name, with its own server each.
    const host = options.listen.host === 'localhost' ? '127.0.0.1' : options.listen.host;
    const listening = await listenOn(listener, { host, port: options.listen.port });
    if (!listening.ok) return listening;
    state = { listener };
    const address = listener.server.address();
    return succeed({
      host,
      port: typeof address === 'string' ? options.listen.port : (address?.port ?? options.listen.port),
    });
  }

  /** The environment is not the launcher's fault: whoever holds the address may go. */
  async function keepTrying(): Promise<void> {
    while ((await clock.sleep(context.limits.rebindMs, closing.signal)) === 'elapsed') {
      const opened = await tryOpen();
      if (opened.ok) {
        log.info('the launcher port listens after all', { ...opened.value });
        return;
      }
      state = { fault: opened.fault };
    }
  }

  return {
    async open() {
      const opened = await tryOpen();
      if (opened.ok) return opened.value;
      state = { fault: opened.fault };
      log.warn('the launcher port does not listen on TCP', { code: opened.fault.code, detail: opened.fault.detail });
      retrying = keepTrying();
      return undefined;
    },
    fault: () => state.fault,
    async close() {
      closing.abort();
      await retrying;
      await state.listener?.close();
    },
  };
}

async function createWithTls(
  context: ListenerContext,
  options: TcpOptions,
  files: Files,
  hostName: string,
): Promise<Result<Listener>> {
  const material = await readTls(options, files);
  if (!material.ok) return material;
  const names = [...options.names, hostName].map((name) => name.toLowerCase());
  const scheme = material.value === undefined ? 'http' : 'https';
  return tryCreateListener(context, { channel: 'tcp', scheme, names }, material.value);
}

async function readTls(options: TcpOptions, files: Files): Promise<Result<TlsMaterial | undefined>> {
  if (options.tls === undefined) return succeed(undefined);
  const key = await files.readText(options.tls.key, PEM_BYTES);
  if (!key.ok) return key;
  const cert = await files.readText(options.tls.cert, PEM_BYTES);
  return cert.ok ? succeed({ key: key.value, cert: cert.value }) : cert;
}
