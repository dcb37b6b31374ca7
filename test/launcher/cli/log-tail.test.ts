import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLogTail, type LogTail } from '../../../launcher/cli/log-tail.ts';
import { openPlatform } from '../../../platform/current.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';

const { files } = openPlatform();

describe('the end of a log', () => {
  let path: string;
  let tail: LogTail;

  beforeEach(() => {
    path = join(temporaryFolder('log-tail'), 'server.log');
    tail = createLogTail(files, path);
    onTestFinished(() => tail.close());
  });

  it('is its last lines, the whole file when it is shorter', async () => {
    writeFileSync(path, 'one\ntwo\r\nthree\n');
    expect(await tail.last(2)).toEqual(['two', 'three']);
    expect(await tail.last(9)).toEqual(['one', 'two', 'three']);
  });

  it('grows by whole lines, umlauts included', async () => {
    writeFileSync(path, 'one\n');
    expect(await tail.last(5)).toEqual(['one']);
    const bytes = Buffer.from('Zürich\n');
    appendFileSync(path, bytes.subarray(0, 2));
    expect(await tail.added()).toEqual([]);
    appendFileSync(path, bytes.subarray(2));
    expect(await tail.added()).toEqual(['Zürich']);
    expect(await tail.added()).toEqual([]);
  });

  it('is followed over a rotation without losing a line', async () => {
    writeFileSync(path, 'one\n');
    await tail.last(5);
    appendFileSync(path, 'two\nunfinished');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'three\n');
    expect(await tail.added()).toEqual(['two', 'unfinished', 'three']);
    appendFileSync(path, 'four\n');
    expect(await tail.added()).toEqual(['four']);
  });

  it('waits for a file that is not there yet, and begins anew in one that was emptied', async () => {
    expect(await tail.last(5)).toEqual([]);
    expect(await tail.added()).toEqual([]);
    writeFileSync(path, 'one\ntwo\n');
    expect(await tail.added()).toEqual(['one', 'two']);
    truncateSync(path, 0);
    appendFileSync(path, 'x\n');
    expect(await tail.added()).toEqual(['x']);
  });

  it('finds the last lines of a file far larger than what is read at once', async () => {
    writeFileSync(path, Array.from({ length: 400_000 }, (_, line) => `line number ${line}\n`).join(''));
    expect(await tail.last(2)).toEqual(['line number 399998', 'line number 399999']);
  });
});
