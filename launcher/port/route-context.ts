import type { ChildLink } from '../../supervisor/child/child-link.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { Application } from '../api/application.ts';
import type { PortLimits } from './limits.ts';
import type { Tickets } from './tickets.ts';
import type { UpdateTokens } from './update-tokens.ts';

/** What the routes stand on. */
export interface RouteContext {
  readonly application: Application;
  readonly childLink: ChildLink;
  readonly tickets: Tickets;
  readonly updateTokens: UpdateTokens;
  readonly limits: PortLimits;
  /** What is wrong with the port itself, for `status`. */
  readonly warnings: (language: Language) => readonly string[];
}
