/** What holds when the file does not say otherwise; the schema shows these numbers, the resolver uses them. */
export const DEFAULTS = {
  start: { limitSeconds: 300, extendSeconds: 60, hardLimitSeconds: 14_400 },
  stop: { orderSeconds: 120, request: 'terminate', requestSeconds: 60, kill: 'last-resort', proveSeconds: 15 },
  health: { everySeconds: 2, watchSeconds: 660, passes: 6, timeoutSeconds: 5, host: '127.0.0.1', statuses: [200] },
  handover: { way: 'none', host: '::' },
  rounds: {
    startup: { passes: 1 },
    readiness: { failures: 3, passes: 1 },
    liveness: { failures: 60, restart: 'when-idle' },
  },
  restart: { stableSeconds: 10, firstDelaySeconds: 1, maximumDelaySeconds: 300, jitter: 0.2 },
  alarm: { crashes: 5, windowSeconds: 600 },
  causes: {
    /** As 4D, Office Maker and common licence managers say it, in our languages; `*` stands for anything between. */
    licencePatterns: [
      'no licen*e',
      'no valid licen*e',
      'licen*e*missing',
      'licen*e*not found',
      'licen*e*expired',
      'licen*e*invalid',
      'licence*introuvable',
      'licence*manquante',
      'licence*expirée',
      'lizenz*fehlt',
      'lizenz*nicht gefunden',
      'lizenz*abgelaufen',
      'keine*lizenz',
      'licenza*mancante',
      'licenza*scaduta',
    ],
    minimumFreeMiB: 64,
  },
  smoke: { args: ['--version'], timeoutSeconds: 60 },
  updates: {
    channel: 'stable',
    mode: 'manual',
    checkSeconds: 21_600,
    delayDays: 0,
    delaySeconds: 90,
    keepOldDays: 7,
    proxy: 'environment',
    staging: 'idle',
  },
  data: { restore: 'on-format-change', keep: 2 },
  port: { host: '127.0.0.1', offset: 7, number: 19_820 },
  smtp: { secure: 'starttls', ports: { none: 25, starttls: 587, tls: 465 } },
  logs: { level: 'info', rotateMiB: 64, rotateHours: 24, keepFiles: 30, budgetMiB: 2_048 },
} as const;

/** Lengths beyond which a value is a mistake, not a wish. */
export const LIMITS = {
  /** Bytes of the file. */
  fileBytes: 1_048_576,
  /** Characters of one text. */
  text: 4_096,
  /** Entries of one list. */
  entries: 256,
  /** Seconds of any wait: one week. */
  seconds: 604_800,
  /** Mistakes told at once. */
  mistakes: 100,
} as const;
