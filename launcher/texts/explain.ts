import { FAULT_CODES, type Fault, type FaultCode } from '../../platform/fault.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { FaultText, FaultTexts } from './fault-text.ts';
import { fill, type Values } from './fill.ts';
import { formatBytes } from './format.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import { say } from './messages.ts';
import { RUNNING_FAULTS } from './running-faults.ts';
import { TRANSFER_FAULTS } from './transfer-faults.ts';
import { UPDATE_FAULTS } from './update-faults.ts';

/** A sentence and a remedy for every fault in every language; total by type. */
export const FAULT_TEXTS: FaultTexts = { ...MACHINE_FAULTS, ...TRANSFER_FAULTS, ...UPDATE_FAULTS, ...RUNNING_FAULTS };

export interface Explanation {
  /** What failed · how the server is now · why (path, account). */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

/**
 * Tells a fault to a person. `serverNow` is a sentence such as `say(language, 'server.up')`; empty where nobody can know.
 *
 * The reason ends in the fault's own English detail, which logs carry too, so that the two can be matched.
 */
export function explainFault(fault: Fault, language: Language, serverNow: string): Explanation {
  const [failed, remedy] = textOf(fault.code, language);
  const values = valuesOf(fault, language);
  const parts = [fill(failed, values, language), serverNow, why(fault, language)];
  return { message: parts.filter((part) => part !== '').join(' · '), remedy: fill(remedy, values, language) };
}

/** A code of a newer launcher, met over the wire, is told as unexpected. */
function textOf(code: FaultCode, language: Language): FaultText {
  return FAULT_TEXTS[FAULT_CODES.includes(code) ? code : 'unexpected'][language];
}

/** The deepest cause that knows a path or an account lends it. */
function valuesOf(fault: Fault, language: Language): Values {
  const chain = causesOf(fault);
  const values = chain.reduceRight<Readonly<Record<string, string | number>>>(
    (gathered, one) => ({ ...gathered, ...one.values }),
    {},
  );
  const bytes = (name: string) => (typeof values[name] === 'number' ? formatBytes(values[name], language) : undefined);
  return {
    needed: bytes('neededBytes'),
    free: bytes('freeBytes'),
    host: values['target'],
    ...values,
    path: chain.find((one) => one.path !== undefined)?.path,
    account: chain.find((one) => one.account !== undefined)?.account,
  };
}

const CAUSES_SHOWN = 5;

function causesOf(fault: Fault): Fault[] {
  const chain: Fault[] = [];
  for (let one: Fault | undefined = fault; one !== undefined && chain.length < CAUSES_SHOWN; one = one.cause)
    chain.push(one);
  return chain;
}

function why(fault: Fault, language: Language): string {
  const chain = causesOf(fault);
  const path = chain.find((one) => one.path !== undefined)?.path;
  const account = chain.find((one) => one.account !== undefined)?.account;
  const place = [
    ...(path === undefined ? [] : [path]),
    ...(account === undefined ? [] : [say(language, 'why.account', { account })]),
  ].join(', ');
  const details = [...new Set(chain.map((one) => one.detail.replace(/[.\s]+$/, '')))].join(' ← ');
  return fill(place === '' ? '{details}' : '{details} ({place})', { details, place }, language);
}
