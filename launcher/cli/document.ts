import type { ArgumentDefinition, OptionDefinition, VerbDefinition } from './definition.ts';
import { EXIT_MEANINGS } from './exit-status.ts';
import { flagsOf } from './parse.ts';
import { GLOBAL_OPTIONS, PROGRAM_NAME, PROGRAM_SUMMARY, VERBS } from './program.ts';

/** `docs/cli.md`, made of the tables that the parser is made of. Pure. */
export function commandLineDocument(): string {
  return [
    `# \`${PROGRAM_NAME}\`: the command line`,
    `Generated from \`launcher/cli/program.ts\` by \`npm run docs\`; do not edit by hand.`,
    `${PROGRAM_SUMMARY}. Every verb works from a second shell while the launcher runs; \`status\`, \`rollback\`, \`releases\`, \`history\`, \`notes\`, \`logs\`, \`config\`, \`service\` and \`token\` also work while it does not.`,
    ['| verb | does |', '| --- | --- |', ...VERBS.map(indexRow)].join('\n'),
    '## Options of every verb',
    optionTable(GLOBAL_OPTIONS),
    'They stand before or after the verb. `--version` shows the version of the launcher, `--help` the usage.',
    '## Values',
    VALUES,
    '## Output',
    OUTPUT,
    '## Exit statuses',
    [
      '| status | meaning |',
      '| --- | --- |',
      ...EXIT_MEANINGS.map(([status, meaning]) => `| ${status} | ${meaning} |`),
    ].join('\n'),
    '## Verbs',
    ...VERBS.flatMap(section),
    '',
  ].join('\n\n');
}

const VALUES = `- \`DURATION\`: \`90s\`, \`2m\`, \`1h\`, or whole seconds; up to \`24h\`.
- \`TIME\`: \`22:00\` is the next such time on this machine; else ISO 8601, local without a zone: \`2030-12-24T22:00\`.
- \`VERSION\`: as \`om-launcher releases\` shows it.`;

const OUTPUT = `On a terminal texts are aligned and coloured, and a running order is a list of steps redrawn in place. Piped, each change is
a line with its time. With \`--json\` the answer is one object; while an order is followed each change is an object on a line of its
own, and the last line is the order as it ended. The last line is always the verdict. Failures go to the error output: what failed, how
the server is now, why, what to do, and a stable code that the runbook explains; with \`--json\` they are an object
\`{"error": {"code", "message", "remedy", …}}\` on the standard output.`;

function indexRow({ verb, summary }: VerbDefinition): string {
  return `| [\`${verb}\`](#${verb.replaceAll(' ', '-')}) | ${escape(summary)} |`;
}

function section({ verb, summary, argument, options = [], details, examples = [] }: VerbDefinition): string[] {
  return [
    `### ${verb}`,
    `\`${usage(verb, argument, options)}\``,
    `${sentence(summary)}${details === undefined ? '' : ` ${details}`}`,
    ...(argument === undefined ? [] : [`\`${argument.value.name}\`: ${argument.description}.`]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
    ...(examples.length === 0 ? [] : [['```sh', ...examples, '```'].join('\n')]),
  ];
}

function usage(verb: string, argument: ArgumentDefinition | undefined, options: readonly OptionDefinition[]): string {
  const shown =
    argument === undefined ? [] : [argument.optional === true ? `[${argument.value.name}]` : argument.value.name];
  return [PROGRAM_NAME, verb, ...shown, ...(options.length === 0 ? [] : ['[options]'])].join(' ');
}

function optionTable(options: readonly OptionDefinition[]): string {
  const rows = options.map((option) => `| \`${flagsOf(option)}\` | ${escape(option.description)} |`);
  return ['| option | meaning |', '| --- | --- |', ...rows].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
