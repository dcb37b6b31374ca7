import { PIPELINE, type PipelineRule } from '../../installer/update/pipeline.ts';

/** The steps of an update as a diagram and as a table. */
export function pipelinePage(): string {
  return `# The steps of an update

Generated from \`installer/update/pipeline.ts\` by \`npm run docs\`; do not edit by hand.

\`\`\`mermaid
${diagram()}
\`\`\`

| step | taken by | phase | after a crash in it | attempts | attempts to undo |
| --- | --- | --- | --- | --- | --- |
${PIPELINE.map(row).join('\n')}
`;
}

/** Down the left side the way forward; from every step before the point of no return a way back. */
function diagram(): string {
  const names = PIPELINE.map(({ step }) => step);
  const forward = names.slice(1).map((step, index) => `  ${names[index] ?? ''} --> ${step}`);
  const back = PIPELINE.filter(({ phase }) => phase === 'undoable').map(({ step }) => `  ${step} -. fails .-> undo`);
  const final = PIPELINE.filter(({ phase }) => phase === 'final').map(({ step }) => `  ${step}{{${step}}}`);
  const closing = PIPELINE.find(({ phase }) => phase === 'closing');
  return [
    'flowchart TD',
    ...final,
    ...forward,
    ...back,
    '  undo["undo, in reverse order"]',
    ...(closing ? [`  undo --> ${closing.step}`] : []),
  ].join('\n');
}

function row({ step, orders, phase, afterCrash, attempts, undoAttempts }: PipelineRule): string {
  const way = afterCrash === 'again' ? 'runs again' : 'is undone';
  return `| ${step} | ${orders.join(', ')} | ${phase} | ${way} | ${attempts} | ${undoAttempts} |`;
}
