import { FAULT_CODES, type FaultCode } from '../../platform/fault.ts';
import { type Language, LANGUAGES } from '../../supervisor/sessions/sessions.ts';
import { FAULT_TEXTS } from './explain.ts';

/** `docs/runbook.md`, made of the texts: each fault code, what it means and what to do, findable by the sentence shown in any language. */
export function runbookDocument(): string {
  return [INTRODUCTION, ...FAULT_CODES.map(section)].join('\n');
}

function section(code: FaultCode): string {
  const others = LANGUAGES.filter((language) => language !== 'en');
  const [meaning, remedy] = sentences(code, 'en');
  return [
    `## \`${code}\``,
    '',
    `**Meaning.** ${meaning}`,
    '',
    `**What to do.** ${remedy}`,
    '',
    ...others.map((language) => `- ${language}: ${sentences(code, language).join(' ')}`),
    '',
  ].join('\n');
}

/** Optional pieces without their brackets, placeholders in italics. */
function sentences(code: FaultCode, language: Language): string[] {
  return FAULT_TEXTS[code][language].map((sentence) =>
    sentence.replace(/\[([^[\]]*\{\w+\}[^[\]]*)\]/g, '$1').replace(/\{(\w+)\}/g, '_$1_'),
  );
}

const INTRODUCTION = `# Runbook

Generated from the texts of the launcher; do not edit by hand.

Every failure has one of these codes. It stands in the log, in \`--json\`, in the answers of the launcher port and in
\`om-launcher history\`; people see the sentences below in their language, followed by how the server is now and by the reason
with path and account. Words in _italics_ stand for values of the case.
`;
