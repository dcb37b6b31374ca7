import { faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import type { Network } from '../../platform/network.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import type { SocketPlace } from '../api/socket-path.ts';

export interface LocalChannelDependencies {
  readonly files: Files;
  readonly network: Pick<Network, 'httpClient'>;
}

const PRIVATE_FOLDER = 0o700;
const PRIVATE_SOCKET = 0o600;

/** How long somebody who holds the socket may take to answer before he still counts as alive, milliseconds. */
const ANSWER_MS = 2_000;

/**
 * Makes room for the socket: its folder exists, is ours and closed to others; a stale socket is gone.
 *
 * Errors: `launcher-running` when somebody answers, `path-refused` when the folder or the socket's name is taken by
 * something else.
 */
export async function prepareSocket(
  place: SocketPlace,
  stateFolder: string,
  dependencies: LocalChannelDependencies,
): Promise<Result<void>> {
  if (place.kind === 'pipe') return succeed();
  const folder = await preparePrivateFolder(place.folder, stateFolder, dependencies.files);
  if (!folder.ok) return folder;
  return await removeStaleSocket(place.path, dependencies);
}

/** Once it listens: nobody else may connect, and the CLI can find it. */
export async function publishSocket(place: SocketPlace, files: Files): Promise<Result<void>> {
  if (place.kind === 'pipe') return succeed();
  const closed = await files.setMode(place.path, PRIVATE_SOCKET);
  if (!closed.ok || place.kind === 'socket') return closed;
  return await files.writeDurably(place.pointer, `${place.path}\n`, PRIVATE_SOCKET);
}

/** Takes back what `publishSocket` said. */
export async function withdrawSocket(place: SocketPlace, files: Files): Promise<void> {
  if (place.kind === 'elsewhere') await files.remove(place.pointer);
}

/** Beside the state folder others can write too, so a folder that somebody else made there first is refused. */
async function preparePrivateFolder(folder: string, stateFolder: string, files: Files): Promise<Result<void>> {
  const made = await files.makeFolder(folder, PRIVATE_FOLDER);
  if (!made.ok) return made;
  const [facts, state] = [await files.facts(folder), await files.facts(stateFolder)];
  if (!facts.ok) return facts;
  if (!state.ok) return state;
  if (facts.value?.kind !== 'folder' || facts.value.owner !== state.value?.owner) {
    return fail(faultOf('path-refused', 'the folder of the admin socket belongs to somebody else', { path: folder }));
  }
  return await files.setMode(folder, PRIVATE_FOLDER);
}

/** A socket that nobody listens on is what a launcher left that was killed. */
async function removeStaleSocket(path: string, { files, network }: LocalChannelDependencies): Promise<Result<void>> {
  const facts = await files.facts(path);
  if (!facts.ok) return facts;
  if (facts.value === undefined) return succeed();
  if (facts.value.kind !== 'other')
    return fail(faultOf('path-refused', "something else has the admin socket's name", { path }));
  const client = network.httpClient({ socketPath: path });
  const url = 'http://localhost/healthz';
  const answer = await client.request({ url, method: 'GET', headTimeoutMs: ANSWER_MS, idleTimeoutMs: ANSWER_MS });
  if (answer.ok) await answer.value.discard();
  await client.close();
  if (!answer.ok && answer.fault.code === 'connection-refused') return await files.remove(path);
  return fail(faultOf('launcher-running', 'another launcher answers at the admin socket', { path }));
}
