import manifest from '../package.json' with { type: 'json' };

/** The launcher's own version; one package, one version for all executables. */
export const LAUNCHER_VERSION: string = manifest.version;
