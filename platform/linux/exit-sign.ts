import { type ChildProcess, spawn } from 'node:child_process';

/** In each Debian and Ubuntu (perl-base is essential there); where it is missing, looking each 100 ms stays the way. */
const PERL = '/usr/bin/perl';

/**
 * Waits by pidfd_open(2), number 434 on every machine, which Node cannot do. Ends with 0 as soon as the process of that
 * pid has ended; with another status when it cannot tell, or when its input ends: it must not outlive its launcher.
 */
const SCRIPT = `
my $process = syscall(434, int($ARGV[0]), 0);
exit 2 if $process < 0;
my ($process_bit, $input_bit) = ('', '');
vec($process_bit, $process, 1) = 1;
vec($input_bit, 0, 1) = 1;
my $ready = $process_bit | $input_bit;
select($ready, undef, undef, undef);
exit(vec($ready, $process, 1) ? 0 : 1);
`;

/**
 * Calls `ended` once when the system says that the process of this pid has ended, foreign ones too; never where it has no
 * way to say so (no perl, a kernel before 5.3). It is a sign to look, not an identity: the pid may have been another's.
 *
 * @param signal ends the waiting
 */
export function awaitExitSign(pid: number, ended: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const waiter = startWaiter(pid);
  if (waiter === undefined) return;
  const stop = (): void => void waiter.kill('SIGKILL');
  waiter.on('error', () => undefined);
  waiter.stdin?.on('error', () => undefined);
  waiter.once('exit', (code) => {
    signal.removeEventListener('abort', stop);
    if (code === 0) ended();
  });
  signal.addEventListener('abort', stop, { once: true });
}

function startWaiter(pid: number): ChildProcess | undefined {
  try {
    // Without the launcher's environment: where its server started it, that carries the server's own mark.
    return spawn(PERL, ['-e', SCRIPT, String(pid)], { env: {}, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  } catch {
    return undefined; // no memory for one more process
  }
}
