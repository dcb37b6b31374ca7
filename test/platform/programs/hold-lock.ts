import { openPlatform } from '../../../platform/current.ts';

/** Takes the lock of a folder, says so, and stays. */
const [folder = ''] = process.argv.slice(2);
const lock = await openPlatform().locks.acquire(folder);
process.stdout.write(lock.ok ? 'held\n' : `${lock.fault.code}\n`);
if (lock.ok) setInterval(() => undefined, 60_000);
