import { join } from 'node:path';
import { Value } from '@sinclair/typebox/value';
import type { Files, ReadableFile } from '../../platform/files.ts';
import type { Result } from '../../platform/result.ts';
import { type Catalogue, CatalogueShape, EMPTY_CATALOGUE, reconcile, type SeenFile } from './catalogue.ts';
import { finishedNameOf, isEarlierName, isUnfinishedName, outputFileIn } from './output-names.ts';

const CATALOGUE = 'server-output.json';
const CATALOGUE_LIMIT_BYTES = 4 * 1024 * 1024;
const CATALOGUE_MODE = 0o640;
const PAGE_BYTES = 4096;

/** The catalogue of a folder as it was written; one that is missing or damaged is made again from the files. */
export async function readCatalogue(files: Files, folder: string): Promise<Catalogue> {
  const text = await files.readText(join(folder, CATALOGUE), CATALOGUE_LIMIT_BYTES);
  if (!text.ok) return EMPTY_CATALOGUE;
  try {
    const content: unknown = JSON.parse(text.value);
    return Value.Check(CatalogueShape, content) ? content : EMPTY_CATALOGUE;
  } catch {
    return EMPTY_CATALOGUE;
  }
}

export function writeCatalogue(files: Files, folder: string, catalogue: Catalogue): Promise<Result<void>> {
  return files.writeDurably(join(folder, CATALOGUE), `${JSON.stringify(catalogue)}\n`, CATALOGUE_MODE);
}

/** The catalogue, brought up to what is in the folder. */
export async function lookAtOutput(
  files: Files,
  folder: string,
  now: number,
  known?: Catalogue,
): Promise<Result<Catalogue>> {
  const catalogue = known ?? (await readCatalogue(files, folder));
  const listed = await files.list(folder);
  if (!listed.ok) return listed;
  const present = listed.value.filter(isEarlierName);
  // A piece that is about to get its name is there, too: without it readers would jump over its lines.
  const names = [...present, ...listed.value.filter(isUnfinishedName).map(finishedNameOf)];
  const unlisted: SeenFile[] = [];
  for (const name of present.filter((candidate) => !catalogue.earlier.some((file) => file.name === candidate))) {
    const facts = await files.facts(join(folder, name));
    if (facts.ok && facts.value) unlisted.push({ name, inode: facts.value.inode });
  }
  const current = await lookAtCurrent(files, folder, catalogue);
  return { ok: true, value: reconcile(catalogue, { ...(current && { current }), names, unlisted }, now) };
}

async function lookAtCurrent(files: Files, folder: string, { current }: Catalogue) {
  const opened = await files.openReadable(outputFileIn(folder));
  if (!opened.ok) return undefined;
  try {
    const facts = await opened.value.facts();
    if (!facts.ok) return undefined;
    const { inode, size } = facts.value;
    const known = inode === current?.inode && size >= current.cut;
    return { inode, size, hole: known ? current.cut : await holeOf(opened.value, size) };
  } finally {
    await opened.value.close();
  }
}

/** Where the content begins in a file whose start was given back: nothing before it is anything but zeros. */
export async function holeOf(file: ReadableFile, size: number): Promise<number> {
  const page = Buffer.alloc(PAGE_BYTES);
  const contentIn = async (number: number): Promise<number | undefined> => {
    const read = await file.read(page, number * PAGE_BYTES);
    const first = page.subarray(0, read.ok ? read.value : 0).findIndex((byte) => byte !== 0);
    return first < 0 ? undefined : number * PAGE_BYTES + first;
  };
  let [low, high] = [0, Math.ceil(size / PAGE_BYTES)];
  while (low < high) {
    const middle = low === 0 && high > 1 ? 0 : Math.floor((low + high) / 2);
    if ((await contentIn(middle)) === undefined) low = middle + 1;
    else high = middle;
  }
  return (await contentIn(low)) ?? (size > 0 && low > 0 ? size : 0);
}
