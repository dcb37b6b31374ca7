/**
 * The least that this engine needs for a restart: starts its arguments and starts them again when they end. It looks for nothing,
 * writes nothing down and keeps no output.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);

function start(): ChildProcess {
  const child = spawn(command, args, { detached: true, stdio: 'ignore' });
  child.once('exit', () => (living = start()));
  return child;
}

let living = start();

process.once('SIGTERM', () => {
  living.removeAllListeners('exit');
  living.kill('SIGTERM');
  process.exit();
});
