import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { commandLineDocument } from '../launcher/cli/document.ts';
import { configurationDocument } from '../launcher/configuration/document.ts';
import { runbookDocument } from '../launcher/texts/runbook.ts';
import { pipelinePage } from './pages/pipeline.ts';
import { reliabilityPage } from './pages/reliability.ts';
import { scalePage } from './pages/scale.ts';
import { serverStatesPage } from './pages/server-states.ts';

/** A page that is made from the code it describes. */
interface Page {
  /** Relative to `docs`. */
  readonly file: string;
  readonly generate: () => string | Promise<string>;
}

const PAGES: readonly Page[] = [
  { file: 'cli.md', generate: commandLineDocument },
  { file: 'configuration.md', generate: configurationDocument },
  { file: 'pipeline.md', generate: pipelinePage },
  { file: 'reliability.md', generate: reliabilityPage },
  { file: 'runbook.md', generate: runbookDocument },
  { file: 'scale.md', generate: scalePage },
  { file: 'server-states.md', generate: serverStatesPage },
];

const folder = path.resolve(import.meta.dirname, '../docs');
const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const stale: string[] = [];
for (const { file, generate } of PAGES) {
  const target = path.join(folder, file);
  const parser = file.endsWith('.json') ? 'json' : 'markdown';
  const page = await format(await generate(), { parser, printWidth: 120 });
  const fresh = existsSync(target) && (await readFile(target, 'utf8')) === page;
  if (!fresh) stale.push(file);
  if (!fresh && !options.check) {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, page);
  }
}
report();

function report(): void {
  if (stale.length === 0) {
    console.log(`${PAGES.length} generated pages are fresh`);
  } else if (options.check) {
    console.error(`stale: ${stale.join(', ')}; run npm run docs`);
    process.exitCode = 1;
  } else {
    console.log(`written: ${stale.join(', ')}`);
  }
}
