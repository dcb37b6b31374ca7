import type { Fault } from '../../../platform/fault.ts';
import { say } from '../../texts/messages.ts';
import type { VerbContext } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { refusalText } from '../verdict.ts';

/** Tells why an order was not taken; an order that is in the way is named, so that it can be looked at. */
export function tellRefused({ voice }: VerbContext, fault: Fault): number {
  const { language } = voice;
  const status = voice.fault(fault);
  const id = fault.values?.['updateId'];
  voice.verdict(
    status === EXIT.inProgress && id !== undefined
      ? say(language, 'verdict.in-progress', { id })
      : fault.code === 'launcher-absent'
        ? say(language, 'cli.launcher-absent')
        : refusalText(status, language),
  );
  return status;
}
