import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { describe, expect, test } from 'vitest';
import { openPlatform } from '../../platform/current.ts';
import { type FaultCode, faultOf } from '../../platform/fault.ts';
import type { Files } from '../../platform/files.ts';
import { readOrSetAside, readRecord, setAside } from '../../platform/record-file.ts';
import { fail } from '../../platform/result.ts';
import { createFakeClock } from '../kit/fake-clock.ts';
import { createRecordingLog } from '../kit/recording-log.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';

const { files } = openPlatform();
const schema = Type.Object({ schema: Type.Literal(1), name: Type.String() });
const RECORD = { schema: 1, name: 'one' };
const TEXT = `${JSON.stringify(RECORD)}\n`;

function scene(text?: string) {
  const folder = temporaryFolder('record');
  const path = join(folder, 'record.json');
  if (text !== undefined) writeFileSync(path, text);
  const parts = { files, log: createRecordingLog(), clock: createFakeClock() };
  return { folder, path, parts, file: { path, schema, limit: 1_000 } };
}

describe('a record', () => {
  test('that is not there is absent, one that is whole is found', async () => {
    const { file, path } = scene();
    expect(await readRecord(files, file)).toEqual({ kind: 'absent' });
    writeFileSync(path, TEXT);
    expect(await readRecord(files, file)).toEqual({ kind: 'found', record: RECORD });
    writeFileSync(path, '{"schema":1,"name":"one","mood":"good"}');
    expect(await readRecord(files, file)).toMatchObject({ kind: 'found' });
  });

  test('cut at every byte is damaged', async () => {
    const { file, path } = scene();
    for (let length = 0; length < TEXT.length - 1; length += 1) {
      writeFileSync(path, TEXT.slice(0, length));
      expect(await readRecord(files, file), String(length)).toMatchObject({
        kind: 'damaged',
        fault: { code: 'record-corrupt', path },
      });
    }
  });

  test('with any bit flipped is damaged, newer or another whole record, and never an error', async () => {
    const { file, path } = scene();
    const whole = Buffer.from(TEXT);
    const kinds = new Set<string>();
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      writeFileSync(path, flipped);
      kinds.add((await readRecord(files, file)).kind);
    }
    expect([...kinds].sort()).toEqual(['damaged', 'found', 'newer']);
  });

  test.each(['{"schema":2}', '{"schema":99,"name":[]}'])('of a newer launcher, %s, stays where it is', async (text) => {
    const { file, parts, path } = scene(text);
    expect(await readRecord(files, file)).toMatchObject({ kind: 'newer', fault: { code: 'newer-schema', path } });
    expect(await readOrSetAside(parts, file)).toMatchObject({ ok: false, fault: { code: 'newer-schema' } });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test.each<FaultCode>(['io-error', 'no-permission', 'too-many-open-files', 'read-only'])(
    'that the disk does not give (%s) is neither absent nor damaged, and stays where it is',
    async (code) => {
      const { file, parts, folder } = scene('garbage');
      const failing: Files = {
        ...files,
        readText: (path) => Promise.resolve(fail(faultOf(code, 'as planned', { path }))),
      };
      expect(await readRecord(failing, file)).toMatchObject({ kind: 'unread', fault: { code } });
      expect(await readOrSetAside({ ...parts, files: failing }, file)).toMatchObject({ ok: false, fault: { code } });
      expect(readdirSync(folder)).toEqual(['record.json']);
    },
  );
});

describe('what is damaged is set aside', () => {
  test('with its bytes, and told', async () => {
    const { file, parts, folder } = scene('garbage');
    expect(await readOrSetAside(parts, file)).toEqual({ ok: true, value: undefined });
    const [aside = ''] = readdirSync(folder);
    expect(aside).toBe(`record.json.unreadable-${parts.clock.now()}`);
    expect(readFileSync(join(folder, aside), 'utf8')).toBe('garbage');
    expect(parts.log.messages()).toEqual(['a damaged file was set aside']);
  });

  test.each([
    ['far too long', (path: string) => writeFileSync(path, TEXT.repeat(100))],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link', (path: string) => symlinkSync('/etc/passwd', path)],
  ])('also when it is %s', async (_, make) => {
    const { file, parts, path, folder } = scene();
    make(path);
    expect(await readOrSetAside(parts, file)).toEqual({ ok: true, value: undefined });
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^record\.json\.unreadable-\d+$/)]);
  });

  test('each for itself, and no more than ten of one record', async () => {
    const { parts, path, folder } = scene();
    writeFileSync(`${path}.mine`, 'somebody’s');
    for (let count = 0; count < 14; count += 1) {
      writeFileSync(path, String(count));
      expect((await setAside(parts, path, 'a test')).ok).toBe(true);
    }
    const asides = readdirSync(folder).filter((name) => name.includes('.unreadable-'));
    expect(asides.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(
      Array.from({ length: 10 }, (_, index) => String(index + 4)),
    );
    expect(readdirSync(folder)).toContain('record.json.mine');
  });

  test('or, where it cannot be moved, is a fault: nothing may be written over it', async () => {
    const { file, parts } = scene('garbage');
    const stuck: Files = {
      ...files,
      renameNew: (path) => Promise.resolve(fail(faultOf('read-only', 'stuck', { path }))),
    };
    expect(await readOrSetAside({ ...parts, files: stuck }, file)).toMatchObject({
      ok: false,
      fault: { code: 'record-corrupt', cause: { code: 'read-only' } },
    });
  });
});
