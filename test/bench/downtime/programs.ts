import path from 'node:path';
import { run } from '../bytes/run.ts';

/** The C programs of the bench, compiled into its temporary folder. */
export interface Programs {
  readonly server: string;
  readonly floor: string;
  readonly probe: string;
}

export async function compilePrograms(folder: string): Promise<Programs> {
  return {
    server: await compile(folder, 'swap-server'),
    floor: await compile(folder, 'swap-floor'),
    probe: await compile(folder, 'probe'),
  };
}

async function compile(folder: string, name: string): Promise<string> {
  const target = path.join(folder, name);
  await run('gcc', ['-O2', '-Wall', '-o', target, path.join(import.meta.dirname, 'programs', `${name}.c`)]);
  return target;
}
