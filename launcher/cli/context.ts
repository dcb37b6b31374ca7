import type { OwnProcess } from '../../platform/own-process.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Result } from '../../platform/result.ts';
import { type ApiClient, createApiClient } from '../api/client.ts';
import { findSocket } from '../api/socket-path.ts';
import type { LoadedConfiguration } from '../configuration/load.ts';
import type { Voice } from './voice.ts';

/** What a verb works with. */
export interface VerbContext {
  readonly platform: Platform;
  readonly own: OwnProcess;
  readonly voice: Voice;
  readonly loaded: LoadedConfiguration;
}

/** Runs `act` with a client of the running launcher's local channel; `launcher-absent` when nobody is home. */
export async function withLauncher<Value>(
  { platform, voice, loaded }: VerbContext,
  act: (client: ApiClient) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const { files, machine, network } = platform;
  const socketPath = await findSocket(files, machine, loaded.configuration.stateFolder);
  if (!socketPath.ok) return socketPath;
  const httpClient = network.httpClient({ socketPath: socketPath.value });
  try {
    return await act(createApiClient(httpClient, LOCAL_URL, undefined, voice.language));
  } finally {
    await httpClient.close();
  }
}

/** The local channel has no host; any will do. */
const LOCAL_URL = 'http://localhost';

/** Aborts at the first Ctrl-C or termination; `forget` gives the signals back. */
export function stopSignal(own: Pick<OwnProcess, 'onStopRequest'>): {
  readonly signal: AbortSignal;
  readonly forget: () => void;
} {
  const controller = new AbortController();
  const forget = own.onStopRequest(() => controller.abort());
  return { signal: controller.signal, forget };
}
