import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FILES_A_FOLDER = 100;
export const PROGRAM = 'swap-server';

/** A release of the bench's server with so many small files beside it. */
export function writeBundle(folder: string, server: string, version: string, files: number): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(server, path.join(folder, PROGRAM));
  writeFileSync(path.join(folder, 'settings.ini'), 'cache=800\n');
  writeVersion(folder, version);
  for (let file = 0; file < files; file += 1) {
    const own = path.join(folder, 'resources', String(Math.floor(file / FILES_A_FOLDER)));
    if (file % FILES_A_FOLDER === 0) mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, `page-${file}.html`), `<h1>Page ${file}</h1>\n`);
  }
}

/** Makes another release of it; nothing else differs. */
export function writeVersion(folder: string, version: string): void {
  writeFileSync(path.join(folder, 'version'), `${version}\n`);
}

/** What the administrator changed, so that there is something to carry over. */
export function changeLocally(bundle: string): void {
  writeFileSync(path.join(bundle, 'settings.ini'), 'cache=1600\n');
}
