import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { TokenScope } from '../port/tokens.ts';

/** What a command line asks for; one variant a verb. */
export type Request =
  | { readonly verb: 'run' }
  | { readonly verb: 'status'; readonly watch: boolean }
  | { readonly verb: 'check' }
  | {
      readonly verb: 'update';
      readonly version?: string;
      readonly delaySeconds?: number;
      /** ISO 8601, UTC. */
      readonly notBefore?: string;
      readonly notifyEmail?: string;
      /** As given; not yet absolute. */
      readonly fromFile?: string;
      readonly acceptAged: boolean;
      readonly dryRun: boolean;
      readonly wait: boolean;
    }
  | { readonly verb: 'cancel' }
  | { readonly verb: 'postpone'; readonly seconds?: number }
  | {
      readonly verb: 'rollback';
      readonly version?: string;
      readonly data: boolean;
      readonly delaySeconds?: number;
      readonly notifyEmail?: string;
      readonly wait: boolean;
    }
  | { readonly verb: 'releases' }
  | { readonly verb: 'start' | 'stop' | 'restart' }
  | { readonly verb: 'history'; readonly count: number }
  | { readonly verb: 'logs'; readonly follow: boolean; readonly count: number }
  | { readonly verb: 'notes'; readonly version?: string }
  | { readonly verb: 'config check' | 'config show' | 'config schema' }
  | { readonly verb: 'service install'; readonly takeOver?: string }
  | { readonly verb: 'service uninstall' | 'service status'; readonly name?: string }
  | { readonly verb: 'token create'; readonly name: string; readonly scope: TokenScope }
  | { readonly verb: 'token list' }
  | { readonly verb: 'token revoke'; readonly name: string };

export type VerbName = Request['verb'];
export type RequestOf<Verb extends VerbName> = Extract<Request, { readonly verb: Verb }>;

/** What holds for every verb. */
export interface GlobalOptions {
  /** As given; not yet absolute. */
  readonly config?: string;
  readonly language?: Language;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}
