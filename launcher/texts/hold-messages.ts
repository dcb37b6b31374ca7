/** Why a release is not installed by itself yet. */
export const HOLD_MESSAGES = {
  'hold.withdrawn': {
    en: 'withdrawn by the vendor[: {reason}]',
    fr: 'retirée par l’éditeur[: {reason}]',
    de: 'vom Hersteller zurückgezogen[: {reason}]',
    it: 'ritirata dal produttore[: {reason}]',
  },
  'hold.pin': {
    en: '`updates.pin` holds version {version}',
    fr: '`updates.pin` fixe la version {version}',
    de: '`updates.pin` hält die Version {version} fest',
    it: '`updates.pin` fissa la versione {version}',
  },
  'hold.bad': {
    en: 'failed here before ({code})',
    fr: 'a déjà échoué ici ({code})',
    de: 'hier schon gescheitert ({code})',
    it: 'qui è già fallita ({code})',
  },
  'hold.launcher-too-old': {
    en: 'needs om-launcher {version} or newer: update the launcher first',
    fr: 'demande om-launcher {version} ou plus récent: mettez d’abord le lanceur à jour',
    de: 'braucht om-launcher {version} oder neuer: zuerst den Launcher aktualisieren',
    it: 'richiede om-launcher {version} o più recente: aggiornate prima il launcher',
  },
  'hold.launcher-too-new': {
    en: 'made for om-launcher up to {version}',
    fr: 'faite pour om-launcher jusqu’à {version}',
    de: 'gemacht für om-launcher bis {version}',
    it: 'fatta per om-launcher fino a {version}',
  },
  'hold.out-of-reach': {
    en: 'version {version} has to come first',
    fr: 'la version {version} doit venir d’abord',
    de: 'zuerst muss die Version {version} kommen',
    it: 'prima deve venire la versione {version}',
  },
  'hold.rollout-start': {
    en: 'its roll-out begins at {time}',
    fr: 'son déploiement commence à {time}',
    de: 'ihre Verteilung beginnt um {time}',
    it: 'la sua distribuzione comincia alle {time}',
  },
  'hold.rollout': {
    en: 'offered to {percentage} % of the machines so far, not to this one',
    fr: 'proposée à {percentage} % des machines pour l’instant, pas à celle-ci',
    de: 'bisher {percentage} % der Maschinen angeboten, dieser noch nicht',
    it: 'finora offerta al {percentage} % delle macchine, non ancora a questa',
  },
  'hold.delay': {
    en: '`updates.delayDays` waits until {time}',
    fr: '`updates.delayDays` attend jusqu’à {time}',
    de: '`updates.delayDays` wartet bis {time}',
    it: '`updates.delayDays` aspetta fino alle {time}',
  },
  'hold.mark': {
    en: 'several tries failed ({code}); rests until {time}',
    fr: 'plusieurs essais ont échoué ({code}); en pause jusqu’à {time}',
    de: 'mehrere Versuche sind gescheitert ({code}); ruht bis {time}',
    it: 'più tentativi sono falliti ({code}); in pausa fino alle {time}',
  },
  'hold.window': {
    en: 'waits for the maintenance window at {time}',
    fr: 'attend la fenêtre de maintenance à {time}',
    de: 'wartet auf das Wartungsfenster um {time}',
    it: 'aspetta la finestra di manutenzione alle {time}',
  },
  'hold.no-window': {
    en: 'no maintenance window is long enough for the disconnection delay',
    fr: 'aucune fenêtre de maintenance n’est assez longue pour le délai de déconnexion',
    de: 'kein Wartungsfenster ist lang genug für die Frist der Benutzer',
    it: 'nessuna finestra di manutenzione è abbastanza lunga per il ritardo di disconnessione',
  },
  'hold.word': {
    en: 'prepared ahead; waits for `om-launcher update`',
    fr: 'préparée d’avance; attend `om-launcher update`',
    de: 'wird vorbereitet und wartet auf `om-launcher update`',
    it: 'preparata in anticipo; aspetta `om-launcher update`',
  },
  'note.awaiting-word': {
    en: 'prepared; begins with `om-launcher update`',
    fr: 'préparée; commence avec `om-launcher update`',
    de: 'vorbereitet; beginnt mit `om-launcher update`',
    it: 'preparato; comincia con `om-launcher update`',
  },
  'label.check': {
    en: 'Look for updates',
    fr: 'Recherche de mises à jour',
    de: 'Suche nach Updates',
    it: 'Ricerca di aggiornamenti',
  },
  'cli.not-due': {
    en: 'No release is due on this machine now.',
    fr: 'Aucune version n’est due sur cette machine pour l’instant.',
    de: 'Auf dieser Maschine steht zurzeit keine Version an.',
    it: 'Per ora nessuna versione è prevista su questa macchina.',
  },
} as const;
