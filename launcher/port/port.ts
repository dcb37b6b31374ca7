import { createAdminChannel } from './admin-channel.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Fault, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Network } from '../../platform/network.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { ChildLink } from '../../supervisor/child/child-link.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import { socketPathOf } from '../api/socket-path.ts';
import type { OpenPart } from './access.ts';
import { isLoopback } from './addresses.ts';
import { createStreamSlots } from './connections.ts';
import { createFailures } from './failures.ts';
import type { ListenerContext } from './listener-context.ts';
import { type PortLimits, PORT_LIMITS } from './limits.ts';
import { routesOf } from './routes.ts';
import { createTcpChannel } from './tcp-channel.ts';
import { createTickets } from './tickets.ts';
import { createTokens } from './tokens.ts';
import { createUpdateTokens } from './update-tokens.ts';

export interface PortDependencies {
  readonly application: Application;
  readonly childLink: ChildLink;
  readonly clock: Clock;
  readonly files: Files;
  readonly network: Pick<Network, 'httpClient'>;
  readonly machine: Pick<Machine, 'operatingSystem' | 'temporaryFolder' | 'elevated' | 'hostName'>;
  readonly log: Log;
}

export interface PortOptions {
  readonly stateFolder: string;
  /** Port 0 takes any free one. Beyond loopback `tls` is needed. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Paths of PEM files. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Names under which clients reach this machine, besides its host name and those of loopback. */
  readonly names: readonly string[];
  /** What strangers beyond loopback may see. */
  readonly open: readonly OpenPart[];
  /** For whoever asks for none. */
  readonly language: Language;
  /** The launcher's own version, for the API's document. */
  readonly version: string;
  readonly limits?: Partial<PortLimits>;
}

export interface Listening {
  /** Absent while the address is taken: it is tried again and `status` warns. */
  readonly tcp?: { readonly host: string; readonly port: number };
  /** The local admin channel: a Unix socket's path or a pipe's name. */
  readonly socketPath: string;
}

export interface Port {
  /**
   * Opens the local channel and the TCP listener. A TCP address that is taken is no
   * error, nor is a disk that refuses the local channel: both are tried again.
   *
   * Errors: `configuration-invalid` beyond loopback without TLS, `launcher-running` when another launcher holds the
   * local channel, `path-refused` when its place belongs to somebody else.
   */
  listen(): Promise<Result<Listening>>;
  /** Ends both listeners and every call on them. May be called twice. */
  close(): Promise<void>;
}

/** The launcher port: one route table behind a local admin channel and a TCP listener. */
export function createPort(dependencies: PortDependencies, options: PortOptions): Port {
  const { application, files, machine, clock, log } = dependencies;
  const limits = { ...PORT_LIMITS, ...options.limits };
  const place = socketPathOf(machine, options.stateFolder);
  const closing = new AbortController();
  const warnings = (language: Language): readonly string[] => {
    const fault = tcp.fault();
    return fault === undefined ? [] : [application.explain(fault, language).message];
  };
  const context = contextOf(dependencies, options, limits, warnings, closing.signal);
  const tcp = createTcpChannel(context, options, { clock, files, log, hostName: machine.hostName });
  const admin = createAdminChannel(context, place, options.stateFolder, dependencies);

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([tcp.close(), admin.close()]);
  }

  return {
    async listen() {
      const refused = refuseUnsafe(options);
      if (refused !== undefined) return fail(refused);
      const opened = await admin.open();
      if (!opened.ok) {
        await close();
        return opened;
      }
      const address = await tcp.open();
      return succeed({ ...(address === undefined ? {} : { tcp: address }), socketPath: place.path });
    },
    close,
  };
}

function contextOf(
  dependencies: PortDependencies,
  options: PortOptions,
  limits: PortLimits,
  warnings: (language: Language) => readonly string[],
  closing: AbortSignal,
): ListenerContext {
  const { application, childLink, clock, files, log } = dependencies;
  const { stateFolder, language, open } = options;
  const tickets = createTickets(clock, limits.ticketMs);
  const updateTokens = createUpdateTokens(
    { files, clock, log, update: (id) => application.update(id, language) },
    { stateFolder, outliveMs: limits.updateTokenAfterMs },
  );
  const failures = createFailures(clock, limits.failuresPerMinute);
  const tokens = createTokens({ files, log, clock }, stateFolder);
  return {
    application,
    clock,
    log,
    limits,
    open,
    language,
    closing,
    credentials: { childLink, tickets, tokens, updateTokens, failures, log },
    routes: routesOf({ application, childLink, tickets, updateTokens, limits, warnings }, options.version),
    streams: createStreamSlots(limits),
  };
}

function refuseUnsafe(options: PortOptions): Fault | undefined {
  if (isLoopback(options.listen.host) || options.tls !== undefined) return undefined;
  return faultOf('configuration-invalid', `port.listen: beyond loopback (${options.listen.host}) port.tls is needed`, {
    values: { key: 'port.tls', host: options.listen.host },
  });
}
