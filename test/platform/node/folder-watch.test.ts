import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import type { FolderEvent } from '../../../platform/folder-watch.ts';
import { createFolderWatches } from '../../../platform/node/folder-watch.ts';
import { createRecordingLog } from '../../kit/recording-log.ts';
import { temporaryFolder } from '../../kit/temporary-folder.ts';
import { until } from '../../kit/until.ts';

function watch(folder: string): (kind: FolderEvent['kind'], name: string) => Promise<unknown> {
  const events: FolderEvent[] = [];
  const watching = createFolderWatches(createRecordingLog(), 60).watch(folder, (event) => events.push(event));
  onTestFinished(() => watching.close());
  return (kind, name) =>
    until(
      () => events.some((event) => event.kind === kind && event.path === join(folder, name)),
      () => `${kind} ${name}, seen ${JSON.stringify(events)}`,
    );
}

test('files that are there, come, change and go are told; those below are not', async () => {
  const folder = temporaryFolder('watch');
  writeFileSync(join(folder, 'first'), '1');
  mkdirSync(join(folder, 'below'));
  const seen = watch(folder);
  await seen('added', 'first');
  writeFileSync(join(folder, 'second'), '2');
  await seen('added', 'second');
  writeFileSync(join(folder, 'second'), '22');
  await seen('changed', 'second');
  rmSync(join(folder, 'second'));
  await seen('removed', 'second');
});
