import { faultOf } from '../../../platform/fault.ts';
import { silentLog } from '../../../platform/log.ts';
import { type TokenFacts, createTokens, type Tokens } from '../../port/tokens.ts';
import { explainFault } from '../../texts/explain.ts';
import { formatTime } from '../../texts/format.ts';
import { say } from '../../texts/messages.ts';
import type { VerbContext } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import type { RequestOf } from '../request.ts';
import { table } from '../style.ts';

export async function createToken(context: VerbContext, request: RequestOf<'token create'>): Promise<number> {
  const { voice, platform, loaded } = context;
  const { name, scope } = request;
  // Before the launcher ran for the first time there is no such folder.
  const made = await platform.files.makeFolder(loaded.configuration.stateFolder, 0o700);
  const secret = made.ok ? await tokensOf(context).create(name, scope) : made;
  if (!secret.ok) return voice.fault(secret.fault);
  voice.object({ name, scope, token: secret.value });
  voice.remark(say(voice.language, 'cli.token-created', { name }));
  voice.verdict(secret.value);
  return EXIT.done;
}

export async function listTokens(context: VerbContext): Promise<number> {
  const { voice } = context;
  const { language, style } = voice;
  const tokens = await tokensOf(context).list();
  if (!tokens.ok) return voice.fault(tokens.fault);
  const head = (['name', 'scope', 'made'] as const).map((name) => say(language, `label.${name}`));
  const row = ({ name, scope, createdAt }: TokenFacts): string[] => [
    name,
    scope,
    formatTime(Date.parse(createdAt), language),
  ];
  voice.lines(tokens.value.length === 0 ? [] : table(head, tokens.value.map(row), style));
  voice.object({ tokens: tokens.value });
  voice.verdict(say(language, 'cli.listed', { count: tokens.value.length }));
  return EXIT.done;
}

export async function revokeToken(context: VerbContext, { name }: RequestOf<'token revoke'>): Promise<number> {
  const { voice } = context;
  const revoked = await tokensOf(context).revoke(name);
  if (!revoked.ok) return voice.fault(revoked.fault);
  voice.object({ name, revoked: true });
  voice.verdict(say(voice.language, 'verdict.done'));
  return EXIT.done;
}

function tokensOf({ platform, loaded, voice }: VerbContext): Tokens {
  const { stateFolder } = loaded.configuration;
  // A list that begins anew must not look as if there had never been a token.
  const tell = (): void => voice.remark(explainFault(SET_ASIDE(stateFolder), voice.language, '').message);
  return createTokens({ ...platform, log: { ...silentLog, error: tell } }, stateFolder);
}

const SET_ASIDE = (path: string) => faultOf('record-corrupt', 'the list of tokens begins anew', { path });
