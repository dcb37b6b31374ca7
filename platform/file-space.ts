import type { Result } from './result.ts';

/**
 * Gives the space of a file's first `bytes` back to the volume, while others go on writing at its end.
 *
 * They read as zeros afterwards; the size of the file and the position of everything behind them stay as they are. Fails,
 * without having changed anything, where the system or the file system has no such act.
 */
export type FreeStart = (path: string, bytes: number) => Promise<Result<void>>;
