import { describe, expect, it } from 'vitest';
import { createProgressDisplay, progressText } from '../../../installer/publish/progress.ts';
import { packBundle } from '../../../installer/pack/writer.ts';
import { join } from 'node:path';
import { createFakeClock } from '../../kit/fake-clock.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { noise, platform, writeTree } from '../staging/scene.ts';
import { createScene, valueOf } from './scene.ts';
import type { PublishProgress } from '../../../installer/publish/progress.ts';

const MB = 1_000_000;

function output(isTerminal: boolean, columns?: number) {
  const written: string[] = [];
  return { written, isTerminal, columns, write: (text: string) => void written.push(text) };
}

describe('the text', () => {
  it.each([
    [
      { part: 'pack', doneBytes: 0, totalBytes: 100 * MB },
      0,
      'pack [------------------------]  0 %  0.0 of 100 MB  0.0 MB/s',
    ],
    [
      { part: 'delta from 1.0', doneBytes: 25 * MB, totalBytes: 100 * MB },
      10,
      'delta from 1.0 [######------------------]  25 %  25 of 100 MB  2.5 MB/s  30 s left',
    ],
    [
      { part: 'pack', doneBytes: MB, totalBytes: MB },
      2,
      'pack [########################]  100 %  1.0 of 1.0 MB  0.5 MB/s',
    ],
    [
      { part: 'pack', doneBytes: 0, totalBytes: 0 },
      0,
      'pack [########################]  100 %  0.0 of 0.0 MB  0.0 MB/s',
    ],
  ])('of %j after %i s', (progress, seconds, text) => {
    expect(progressText(progress, seconds)).toBe(text);
  });
});

describe('the display', () => {
  it('draws in one line of a terminal, never wider than it, ten times a second, and takes it away at the end', async () => {
    const clock = createFakeClock();
    const terminal = output(true, 40);
    const display = createProgressDisplay(terminal, clock);
    for (let done = 0; done <= 100; done += 1) {
      display.tell({ part: 'pack', doneBytes: done * MB, totalBytes: 100 * MB });
      await clock.advance(10);
    }
    expect(terminal.written.length).toBe(11);
    expect(terminal.written.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true);
    expect(Math.max(...terminal.written.map((text) => text.length))).toBe(4 + 39);
    display.end();
    expect(terminal.written.at(-1)).toBe('\r\u001b[K');
    display.end();
    expect(terminal.written.length).toBe(12);
  });

  it('writes a plain line every ten seconds elsewhere, and none for what is quicker', async () => {
    const clock = createFakeClock();
    const log = output(false);
    const display = createProgressDisplay(log, clock);
    for (let second = 0; second <= 25; second += 1) {
      display.tell({ part: 'delta from 1.0', doneBytes: second * 4 * MB, totalBytes: 100 * MB });
      await clock.advance(1_000);
    }
    for (let tenth = 0; tenth < 50; tenth += 1) {
      display.tell({ part: 'delta from 1.1', doneBytes: tenth, totalBytes: 50 });
      await clock.advance(100);
    }
    display.end();
    expect(log.written).toEqual([
      'delta from 1.0 [##########--------------]  40 %  40 of 100 MB  4.0 MB/s  15 s left\n',
      'delta from 1.0 [###################-----]  80 %  80 of 100 MB  4.0 MB/s  5 s left\n',
    ]);
  });
});

describe('progress', () => {
  it('of a pack grows to the bytes of all contents, each counted once', async () => {
    const work = temporaryFolder('progress');
    const twice = noise('twice', 50_000);
    const folder = writeTree(join(work, 'bundle'), { a: noise('a', 700_000), b: twice, c: twice, empty: '' });
    const told: [number, number][] = [];
    const onProgress = (done: number, total: number): void => void told.push([done, total]);
    const request = { folder, version: '1.0', packFile: join(work, 'pack'), compressionLevel: 1, onProgress };
    valueOf(await packBundle(platform.files, request));
    expect(told.at(-1)).toEqual([750_000, 750_000]);
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).toSorted((a, b) => a - b));
  });

  it('of a publication names the pack and each delta', async () => {
    const work = temporaryFolder('progress');
    const scene = createScene(work);
    valueOf(await scene.init());
    const program = noise('program', 200_000);
    const folder = (version: string) => writeTree(join(work, version), { server: program, version });
    valueOf(await scene.add(folder('1.0'), { version: '1.0' }));
    const told: PublishProgress[] = [];
    const onProgress = (progress: PublishProgress): void => void told.push(progress);
    const more = { onProgress };
    valueOf(await scene.add(folder('1.1'), { version: '1.1' }, scene.dependencies, 1, more));
    expect([...new Set(told.map(({ part }) => part))]).toEqual(['pack', 'delta from 1.0']);
    expect(told.every(({ doneBytes, totalBytes }) => doneBytes <= totalBytes)).toBe(true);
  });
});
