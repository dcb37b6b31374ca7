import type { Machine } from '../../platform/machine.ts';
import type { Login } from './configuration.ts';

/** What paths in the file count from. */
export interface Places {
  readonly machine: Machine;
  /** Folder of the configuration file. */
  readonly base: string;
  readonly absolute: (path: string) => string;
}

/** A user without a place for the password, or the other way round, is told by the checks; here it is no login. */
export function resolveLogin(
  given: { readonly user?: string; readonly passwordFile?: string; readonly passwordEnv?: string },
  places: Places,
): Login | undefined {
  const { user, passwordFile, passwordEnv } = given;
  if (user === undefined) return undefined;
  if (passwordFile !== undefined) return { user, password: { kind: 'file', path: places.absolute(passwordFile) } };
  return passwordEnv === undefined ? undefined : { user, password: { kind: 'environment', name: passwordEnv } };
}
