import { expect, test } from 'vitest';
import { faultOf } from '../../platform/fault.ts';
import type { ServerState } from '../../supervisor/server-state.ts';
import {
  nextState,
  STATE_TABLE,
  type StateEvent,
  type StateKind,
  stateTransitions,
} from '../../supervisor/state-table.ts';

const server = { pid: 42, startTime: '7', bootId: 'boot' };
const fault = faultOf('server-unhealthy', 'it does not answer');

const STATES: { readonly [Kind in StateKind]: Extract<ServerState, { kind: Kind }> } = {
  stopped: { kind: 'stopped', since: 1 },
  starting: { kind: 'starting', since: 1, process: server, progress: 'converting', deadline: 9 },
  up: { kind: 'up', since: 1, process: server },
  degraded: { kind: 'degraded', since: 1, process: server, fault },
  draining: { kind: 'draining', since: 1, process: server },
  stopping: { kind: 'stopping', since: 1, process: server, rung: 'order', rungDeadline: 9 },
  crashed: { kind: 'crashed', since: 1, exit: { kind: 'gone' } },
  waiting: { kind: 'waiting', since: 1, startAt: 9, attempt: 1, cause: fault },
  held: { kind: 'held', since: 1, reason: fault },
};

const EVENTS: { readonly [Kind in StateEvent['kind']]: Extract<StateEvent, { kind: Kind }> } = {
  'start-began': { kind: 'start-began', at: 5, deadline: 10 },
  spawned: { kind: 'spawned', process: server },
  adopted: { kind: 'adopted', at: 5, process: server, deadline: 10 },
  progressed: { kind: 'progressed', progress: '40 %', deadline: 20 },
  'became-ready': { kind: 'became-ready', at: 5, process: server, version: '22' },
  'version-reported': { kind: 'version-reported', version: '22' },
  'start-failed': { kind: 'start-failed', at: 5 },
  'probes-failed': { kind: 'probes-failed', at: 5, process: server, fault },
  'drain-began': { kind: 'drain-began', at: 5 },
  'drain-ended': { kind: 'drain-ended', at: 5 },
  'stop-began': { kind: 'stop-began', at: 5, process: server, rung: 'order', rungDeadline: 8 },
  'rung-reached': { kind: 'rung-reached', rung: 'kill', rungDeadline: 8 },
  'stop-proved': { kind: 'stop-proved', at: 5 },
  'stop-failed': { kind: 'stop-failed', at: 5, fault },
  'leftovers-found': { kind: 'leftovers-found', at: 5, fault },
  exited: { kind: 'exited', at: 5, exit: { kind: 'exited', code: 3 } },
  'restart-planned': { kind: 'restart-planned', at: 5, startAt: 7, attempt: 2, cause: fault },
  held: { kind: 'held', at: 5, reason: fault },
  released: { kind: 'released', at: 5 },
};

test('the whole table: what each event does in each state', () => {
  const arrows = stateTransitions().map(({ from, event, to }) => `${from} --${event}--> ${to}`);
  expect(arrows).toEqual([
    'stopped --start-began--> starting',
    'stopped --adopted--> starting',
    'stopped --leftovers-found--> held',
    'stopped --restart-planned--> waiting',
    'stopped --held--> held',
    'starting --spawned--> starting',
    'starting --progressed--> starting',
    'starting --became-ready--> up',
    'starting --start-failed--> stopped',
    'starting --probes-failed--> degraded',
    'starting --stop-began--> stopping',
    'starting --exited--> crashed',
    'up --version-reported--> up',
    'up --probes-failed--> degraded',
    'up --drain-began--> draining',
    'up --stop-began--> stopping',
    'up --exited--> crashed',
    'degraded --became-ready--> up',
    'degraded --probes-failed--> degraded',
    'degraded --drain-began--> draining',
    'degraded --stop-began--> stopping',
    'degraded --exited--> crashed',
    'draining --drain-ended--> up',
    'draining --stop-began--> stopping',
    'draining --exited--> crashed',
    'stopping --rung-reached--> stopping',
    'stopping --stop-proved--> stopped',
    'stopping --stop-failed--> degraded',
    'stopping --leftovers-found--> held',
    'crashed --start-began--> starting',
    'crashed --stop-proved--> stopped',
    'crashed --leftovers-found--> held',
    'crashed --restart-planned--> waiting',
    'crashed --held--> held',
    'waiting --start-began--> starting',
    'waiting --stop-proved--> stopped',
    'waiting --leftovers-found--> held',
    'waiting --held--> held',
    'held --start-began--> starting',
    'held --adopted--> starting',
    'held --stop-proved--> stopped',
    'held --leftovers-found--> held',
    'held --held--> held',
    'held --released--> stopped',
  ]);
});

const pairs = Object.values(STATES).flatMap((state) => Object.values(EVENTS).map((event) => ({ state, event })));

test.each(pairs)(
  '$state.kind on $event.kind is what the table says, and the argument is unchanged',
  ({ state, event }) => {
    const before = structuredClone(state);
    const next = nextState(state, event);
    const cell = STATE_TABLE[state.kind][event.kind];
    expect(next.kind).toBe(cell === 'ignored' ? state.kind : cell.to);
    if (cell === 'ignored') expect(next).toBe(state);
    expect(state).toEqual(before);
  },
);

test('no living process is ever forgotten but by its end', () => {
  const living = (state: ServerState) => ('process' in state ? state.process : undefined);
  const ends = new Set(['exited', 'stop-proved', 'leftovers-found', 'start-failed']);
  for (const { state, event } of pairs) {
    if (living(state) && !ends.has(event.kind)) expect(living(nextState(state, event))).toEqual(server);
  }
});

test('every state can be reached from stopped, and left', () => {
  const arrows = stateTransitions();
  const reached = new Set<StateKind>(['stopped']);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const { from, to } of arrows) if (reached.has(from)) reached.add(to);
  }
  expect([...reached].sort()).toEqual(Object.keys(STATES).sort());
  for (const kind of reached) expect(arrows.some(({ from, to }) => from === kind && to !== kind)).toBe(true);
});

test.each([
  {
    state: STATES.starting,
    event: EVENTS.progressed,
    next: { progress: '40 %', deadline: 20, since: 1, process: server },
  },
  { state: STATES.starting, event: EVENTS['became-ready'], next: { since: 5, version: '22', process: server } },
  { state: STATES.degraded, event: EVENTS['probes-failed'], next: { since: 1, fault } },
  { state: STATES.stopping, event: EVENTS['rung-reached'], next: { since: 1, rung: 'kill', rungDeadline: 8 } },
  { state: STATES.up, event: EVENTS.exited, next: { since: 5, exit: { kind: 'exited', code: 3 } } },
  { state: STATES.crashed, event: EVENTS['restart-planned'], next: { startAt: 7, attempt: 2, cause: fault } },
])('$state.kind on $event.kind carries its data on', ({ state, event, next }) => {
  expect(nextState(state, event)).toMatchObject(next);
});

test.each<{ state: ServerState; event: StateEvent; next: ServerState }>([
  { state: STATES.stopped, event: EVENTS['start-began'], next: { kind: 'starting', since: 5, deadline: 10 } },
  {
    state: STATES.stopped,
    event: EVENTS.adopted,
    next: { kind: 'starting', since: 5, process: server, deadline: 10 },
  },
  {
    state: STATES.starting,
    event: { kind: 'progressed', deadline: 20 },
    next: { kind: 'starting', since: 1, process: server, deadline: 20 },
  },
  {
    state: STATES.starting,
    event: { kind: 'became-ready', at: 5, process: server },
    next: { kind: 'up', since: 5, process: server },
  },
  { state: STATES.starting, event: EVENTS['start-failed'], next: { kind: 'stopped', since: 5 } },
  { state: STATES.stopping, event: EVENTS['stop-proved'], next: { kind: 'stopped', since: 5 } },
  { state: STATES.held, event: EVENTS.released, next: { kind: 'stopped', since: 5 } },
  { state: STATES.stopped, event: EVENTS['leftovers-found'], next: { kind: 'held', since: 5, reason: fault } },
  { state: STATES.stopped, event: EVENTS.held, next: { kind: 'held', since: 5, reason: fault } },
  {
    state: STATES.up,
    event: EVENTS.exited,
    next: { kind: 'crashed', since: 5, exit: { kind: 'exited', code: 3 } },
  },
  {
    state: STATES.up,
    event: { ...EVENTS.exited, cause: fault },
    next: { kind: 'crashed', since: 5, exit: { kind: 'exited', code: 3 }, cause: fault },
  },
  {
    state: STATES.crashed,
    event: EVENTS['restart-planned'],
    next: { kind: 'waiting', since: 5, startAt: 7, attempt: 2, cause: fault },
  },
  {
    state: STATES.crashed,
    event: { ...EVENTS['restart-planned'], untilGone: true },
    next: { kind: 'waiting', since: 5, startAt: 7, attempt: 2, cause: fault, untilGone: true },
  },
])('$state.kind on $event.kind becomes exactly $next', ({ state, event, next }) => {
  expect(nextState(state, event)).toStrictEqual(next);
});
