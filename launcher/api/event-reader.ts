import type { Clock } from '../../platform/clock.ts';
import { type FaultCode, faultOf } from '../../platform/fault.ts';
import { fail, type Result, succeed } from '../../platform/result.ts';
import { type ApiTarget, openCall } from './api-request.ts';
import { decode } from './decode.ts';
import { EventView } from './messages.ts';

/** Longest event, characters. */
const EVENT_CHARACTERS = 1024 * 1024;

/** The launcher sends a heartbeat each 15 s, so a silence of this many milliseconds is a dead connection. */
const SILENCE_MS = 40_000;

/** Pause before a broken stream is resumed, milliseconds. */
const RESUME_MS = 500;

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Resume after this event. */
  readonly lastId?: number;
  /** How long the launcher may be away (for its own update) before the following ends with a fault, milliseconds. */
  readonly patienceMs: number;
}

/** Faults of a launcher that is just away; any other ends the following at once. */
const AWAY: readonly FaultCode[] = [
  'launcher-absent',
  'connection-failed',
  'timed-out',
  'too-slow',
  'body-truncated',
  'too-many-requests',
];

/** Every event from now (or after `lastId`), over as many connections as it takes; a fault is the last element. */
export async function* followEvents(target: ApiTarget, options: FollowOptions): AsyncGenerator<Result<EventView>> {
  const { clock, signal } = options;
  let lastId = options.lastId;
  let lastContact = clock.monotonic();
  while (!signal.aborted) {
    for await (const event of readEvents(target, lastId, signal)) {
      if (event.ok) {
        lastId = event.value.id;
        lastContact = clock.monotonic();
        yield event;
        continue;
      }
      if (wasStopped(signal)) return;
      if (AWAY.includes(event.fault.code) && clock.monotonic() - lastContact < options.patienceMs) break;
      yield event;
      return;
    }
    await clock.sleep(RESUME_MS, signal);
  }
}

/** Asked anew: the compiler takes a signal for a constant. */
function wasStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The events of one connection, until it ends; a fault is the last element. */
export async function* readEvents(
  target: ApiTarget,
  lastId: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Result<EventView>> {
  const response = await openCall(target, {
    method: 'GET',
    path: '/v1/events',
    headers: { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': `${lastId}` }) },
    idleTimeoutMs: SILENCE_MS,
    signal,
  });
  if (!response.ok) {
    yield response;
    return;
  }
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const piece of response.value.body) {
      if (!piece.ok) {
        yield piece;
        return;
      }
      const blocks = (text + decoder.decode(piece.value, { stream: true })).split('\n\n');
      text = blocks.pop() ?? '';
      if (text.length > EVENT_CHARACTERS) {
        yield fail(faultOf('body-too-long', 'an event is too long'));
        return;
      }
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    await response.value.discard();
  }
}

/** One block of a stream (HTML Living Standard, 9.2.6); undefined for heartbeats and the like. */
export function parseEvent(block: string): Result<EventView> | undefined {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''))
    .join('\n');
  if (data === '') return undefined;
  const decoded = decode(EventView, parse(data));
  return decoded.ok
    ? succeed(decoded.value)
    : fail(faultOf('unexpected', `an event is malformed (${decoded.fault.detail})`));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
