import type { Machine } from '../../platform/machine.ts';
import type { LogLimits } from '../../supervisor/server-options.ts';
import { LANGUAGES, type Language } from '../../supervisor/sessions/sessions.ts';
import type { Configuration, DataConfiguration, MailConfiguration, PortConfiguration } from './configuration.ts';
import { DEFAULTS } from './defaults.ts';
import { pathsOf, stateRoot } from './places.ts';
import { presetBundle, presetCarryOver, PRODUCTS } from './presets.ts';
import { type Places, resolveLogin } from './resolve-parts.ts';
import { resolveServer } from './resolve-server.ts';
import { resolveUpdates } from './resolve-updates.ts';
import type { ConfigurationFile } from './schema.ts';

/** Fills in every default and makes every path absolute. Pure; the file's shape has been checked. */
export function resolveConfiguration(content: ConfigurationFile, file: string, machine: Machine): Configuration {
  const paths = pathsOf(machine);
  const base = paths.dirname(file);
  const places: Places = { machine, base, absolute: (path) => paths.resolve(base, path) };
  const { product } = content;
  const folder = places.absolute(content.folder);
  const bundleName = content.bundle ?? (product === undefined ? '' : presetBundle(product, machine.operatingSystem));
  const name = content.name ?? (product === undefined ? paths.basename(bundleName) : PRODUCTS[product].name);
  const bundle = paths.resolve(folder, bundleName);
  const stateFolder =
    content.stateFolder === undefined ? paths.join(stateRoot(machine), name) : places.absolute(content.stateFolder);
  const server = resolveServer(content, { ...places, folder, bundle });
  const mail = content.mail === undefined ? {} : { mail: resolveMail(content.mail, places) };
  return {
    file,
    name,
    ...(product === undefined ? {} : { product }),
    folder,
    bundle,
    stateFolder,
    language: content.language ?? languageOf(machine.environment),
    server,
    updates: resolveUpdates(content.updates ?? {}, places),
    carryOver: resolveCarryOver(content, machine),
    data: resolveData(content.data ?? {}, places, stateFolder),
    port: resolvePort(content.port ?? {}, places, server.port),
    ...mail,
    logs: {
      folder:
        content.logs?.folder === undefined ? paths.join(stateFolder, 'logs') : places.absolute(content.logs.folder),
      level: content.logs?.level ?? DEFAULTS.logs.level,
      limits: resolveLogLimits(content.logs ?? {}),
    },
  };
}

function resolveLogLimits(logs: NonNullable<ConfigurationFile['logs']>): LogLimits {
  const { rotateMiB, rotateHours, keepFiles, budgetMiB } = { ...DEFAULTS.logs, ...logs };
  return {
    fileBytes: rotateMiB * MEBIBYTE,
    ageMs: rotateHours * 3_600_000,
    filesKept: keepFiles,
    budgetBytes: budgetMiB * MEBIBYTE,
  };
}

const MEBIBYTE = 1024 * 1024;

/** POSIX: LC_ALL goes before LC_MESSAGES, that before LANG. English where none is ours. */
function languageOf(environment: Machine['environment']): Language {
  const wanted = environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? '';
  return LANGUAGES.find((language) => wanted.toLowerCase().startsWith(language)) ?? 'en';
}

/** The preset first, then the file's own rules; the same pattern again replaces the preset's. */
function resolveCarryOver(content: ConfigurationFile, machine: Machine): Configuration['carryOver'] {
  const own = content.carryOver?.rules ?? [];
  const preset = content.product === undefined || content.carryOver?.preset === false;
  const inherited = preset ? [] : presetCarryOver(machine.operatingSystem);
  return [...inherited.filter((rule) => !own.some((one) => one.pattern === rule.pattern)), ...own];
}

function resolveData(
  data: NonNullable<ConfigurationFile['data']>,
  places: Places,
  stateFolder: string,
): DataConfiguration {
  const folder = data.backup?.folder;
  return {
    ...(data.format === undefined ? {} : { format: data.format }),
    paths: (data.paths ?? []).map(places.absolute),
    backup: {
      folder:
        folder === undefined ? pathsOf(places.machine).join(stateFolder, 'data-backups') : places.absolute(folder),
      keep: data.backup?.keep ?? DEFAULTS.data.keep,
    },
    restore: data.restore ?? DEFAULTS.data.restore,
  };
}

/** The launcher port lies 7 above the server's; a host in brackets is an IPv6 address. */
function resolvePort(
  port: NonNullable<ConfigurationFile['port']>,
  places: Places,
  serverPort: number | undefined,
): PortConfiguration {
  const number = serverPort === undefined ? DEFAULTS.port.number : serverPort + DEFAULTS.port.offset;
  const listen = port.listen ?? `${DEFAULTS.port.host}:${number}`;
  const colon = listen.lastIndexOf(':');
  const tls = port.tls;
  return {
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(listen.slice(colon + 1)),
    names: port.names ?? [],
    ...(tls === undefined ? {} : { tls: { key: places.absolute(tls.key), cert: places.absolute(tls.cert) } }),
  };
}

function resolveMail(mail: NonNullable<ConfigurationFile['mail']>, places: Places): MailConfiguration {
  const { smtp } = mail;
  const secure = smtp.secure ?? DEFAULTS.smtp.secure;
  const login = resolveLogin(smtp, places);
  return {
    smtp: {
      host: smtp.host,
      port: smtp.port ?? DEFAULTS.smtp.ports[secure],
      secure,
      ...(login === undefined ? {} : { login }),
      ...(smtp.ca === undefined ? {} : { ca: places.absolute(smtp.ca) }),
    },
    from: mail.from,
    to: mail.to ?? [],
  };
}
