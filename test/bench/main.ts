import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { measureBytes } from './bytes/measure-bytes.ts';
import { measureDowntime } from './downtime/measure-downtime.ts';
import { measurePublish } from './publish/measure-publish.ts';
import { measureRepository } from './repository/measure-repository.ts';
import { measureStage } from './stage/measure-stage.ts';
import { measureSupervision } from './supervise/measure-supervise.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  bytes: measureBytes,
  downtime: measureDowntime,
  publish: measurePublish,
  repository: measureRepository,
  stage: measureStage,
  supervise: measureSupervision,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rivals: { type: 'string', default: '' },
    clients: { type: 'string' },
    nginx: { type: 'string' },
    scale: { type: 'string' },
  },
});
const [name = ''] = positionals;
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(
    `usage: npm run bench -- ${Object.keys(BENCHES).join(' | ')} [--json] [--only CASE,CASE] [--rivals NAME,NAME]`,
  );
  process.exitCode = 2;
} else {
  const figures = await bench({
    only: listOf(values.only),
    rivals: listOf(values.rivals),
    clients: values.clients === undefined ? undefined : Number(values.clients),
    nginx: values.nginx,
    scale: values.scale === undefined ? undefined : Number(values.scale),
  });
  console.log(values.json ? JSON.stringify(figures) : JSON.stringify(figures, undefined, 2));
}

function listOf(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}
