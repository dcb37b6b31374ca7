import path from 'node:path';
import { run } from '../bytes/run.ts';

/** The C programs of the bench, compiled into its temporary folder. */
export interface Programs {
  readonly tinyServer: string;
  readonly floor: string;
  readonly countLines: string;
}

export async function compilePrograms(folder: string): Promise<Programs> {
  return {
    tinyServer: await compile(folder, 'tiny-server'),
    floor: await compile(folder, 'floor'),
    countLines: await compile(folder, 'count-lines'),
  };
}

async function compile(folder: string, name: string): Promise<string> {
  const target = path.join(folder, name);
  const source = path.join(import.meta.dirname, 'programs', `${name}.c`);
  await run('gcc', ['-O2', '-Wall', '-pthread', '-o', target, source]);
  return target;
}
