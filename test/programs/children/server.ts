import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { parseArgs } from 'node:util';

/** A small server with every bad habit that the supervisor must cope with; times in milliseconds. */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    say: { type: 'string' },
    'listen-after': { type: 'string', default: '0' },
    'exit-after': { type: 'string' },
    'exit-code': { type: 'string', default: '0' },
    'ignore-terminate': { type: 'boolean', default: false },
    'quit-takes': { type: 'string', default: '0' },
    'write-every': { type: 'string' },
    flood: { type: 'boolean', default: false },
    grandchild: { type: 'string' },
    hold: { type: 'string' },
    'deaf-on-signal': { type: 'boolean', default: false },
    http: { type: 'boolean', default: false },
    inherited: { type: 'boolean', default: false },
    'hang-on-signal': { type: 'string' },
    'leak-mib': { type: 'string' },
    'spin-for': { type: 'string' },
    'read-for': { type: 'string' },
  },
});

console.log(`environment ${JSON.stringify(process.env)}`);
if (values.say !== undefined) console.log(values.say);
if (values.hold !== undefined) openSync(values.hold, 'r');
if (values.grandchild !== undefined) startGrandchild(values.grandchild);
if (values['write-every'] !== undefined) setInterval(() => console.log('working'), Number(values['write-every']));
if (values.flood) setInterval(() => process.stdout.write(`${'flood '.repeat(2_000)}\n`), 1);

if (values['leak-mib'] !== undefined) leak(Number(values['leak-mib']));
/** Work that can be seen from outside alone: by processor time, or by what is read. */
if (values['spin-for'] !== undefined) workFor(Number(values['spin-for']), () => spin(60));
if (values['read-for'] !== undefined) workFor(Number(values['read-for']), () => void readFileSync(process.execPath));

process.on('SIGTERM', () => {
  if (values['ignore-terminate']) return;
  setTimeout(() => process.exit(0), Number(values['quit-takes']));
});

let listener: Server | undefined;
setTimeout(listen, Number(values['listen-after']));
if (values['deaf-on-signal']) {
  process.on('SIGUSR2', () => {
    if (listener) listener.close();
    if (listener) listener = undefined;
    else listen();
  });
}
/** `busy` and `idle` hold the listener and answer nothing more; only the first is at work. */
if (values['hang-on-signal'] !== undefined) {
  process.on('SIGUSR2', () => {
    if (values['hang-on-signal'] === 'busy') for (;;) Math.random();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}
// Without a port it only lives.
setInterval(() => undefined, 60_000);

function listen(): void {
  if (values['exit-after'] !== undefined) {
    setTimeout(() => process.exit(Number(values['exit-code'])), Number(values['exit-after']));
  }
  if (values.inherited) {
    listenOnInherited();
    return;
  }
  if (values.port === undefined) return;
  if (values.http) {
    listener = createHttpServer((_, answer) => void answer.end('fine')).listen(Number(values.port), '127.0.0.1');
    return;
  }
  listener = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
    Number(values.port),
    '127.0.0.1',
  );
}

/**
 * In a session of its own, as a daemon that nobody waits for; `obedient` takes 300 ms to end well, the others ignore the request.
 * `double-forked` has lost its parent, too: it belongs to init.
 */
function startGrandchild(kind: string): void {
  const obey =
    kind === 'obedient' ? `setTimeout(() => { console.log('grandchild ended well'); process.exit(0); }, 300)` : '';
  const lingering = `process.on('SIGTERM', () => { ${obey} }); setInterval(() => undefined, 60000);
    console.log('grandchild ' + process.pid + ' of ' + process.ppid);`;
  const double = `require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]],
    { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref();`;
  const words = kind === 'double-forked' ? [double, lingering] : [lingering];
  spawn(process.execPath, ['-e', ...words], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: kind === 'without-nonce' ? { ...process.env, OM_LAUNCH_NONCE: '' } : process.env,
  });
}

/** Holds so much more memory each 100 ms, really used. */
function leak(mebibytes: number): void {
  const held: Buffer[] = [];
  setInterval(() => held.push(Buffer.alloc(mebibytes * 1024 * 1024, held.length + 1)), 100);
}

function workFor(milliseconds: number, work: () => void): void {
  const timer = setInterval(work, 100);
  setTimeout(() => clearInterval(timer), milliseconds);
}

/** By the processor's own count: on a busy machine it takes longer, and uses as much. */
function spin(milliseconds: number): void {
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < milliseconds * 1_000) Math.random();
}

/** As sd_listen_fds(3) says; tells each who connects which process this is. */
function listenOnInherited(): void {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  if (LISTEN_PID !== String(process.pid) || LISTEN_FDS !== '1') throw new Error('nothing was handed over');
  const FIRST_DESCRIPTOR = 3;
  const answering = createHttpServer((_, answer) => void answer.end(String(process.pid)));
  listener = answering.listen({ fd: FIRST_DESCRIPTOR });
}
