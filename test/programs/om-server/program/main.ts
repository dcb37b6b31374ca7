import { behaviour, bundle, options } from './call.ts';
import { readIdentity } from './release.ts';

if (options.version) {
  const identity = readIdentity(bundle);
  process.stdout.write(`OM ${identity.product} Server ${behaviour.printsVersion ?? identity.version}\n`);
} else if (behaviour.exitsAtOnce !== undefined) {
  process.exitCode = behaviour.exitsAtOnce;
} else {
  // What only a running server needs is not loaded for a version.
  const { runServer } = await import('./run.ts');
  await runServer();
}
