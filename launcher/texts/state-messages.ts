import type { StepName } from '../../installer/update/pipeline.ts';
import type { UpdateView } from '../api/schemas.ts';
import type { ServerState, StopRung } from '../../supervisor/server-state.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';

type Translations = Readonly<Record<Language, string>>;

/** Steps as a step list shows them. */
export const STEP_NAMES = {
  preflight: {
    en: 'Check conditions',
    fr: 'Vérifier les conditions',
    de: 'Voraussetzungen prüfen',
    it: 'Verificare le condizioni',
  },
  download: { en: 'Download', fr: 'Télécharger', de: 'Herunterladen', it: 'Scaricare' },
  verify: { en: 'Verify signature', fr: 'Vérifier la signature', de: 'Signatur prüfen', it: 'Verificare la firma' },
  stage: {
    en: 'Unpack and try out',
    fr: 'Décompresser et essayer',
    de: 'Entpacken und erproben',
    it: 'Decomprimere e provare',
  },
  warn: { en: 'Warn users', fr: 'Avertir les utilisateurs', de: 'Benutzer warnen', it: 'Avvisare gli utenti' },
  drain: {
    en: 'Wait for users to leave',
    fr: 'Attendre le départ des utilisateurs',
    de: 'Auf Abmeldungen warten',
    it: 'Attendere l’uscita degli utenti',
  },
  stop: { en: 'Stop the server', fr: 'Arrêter le serveur', de: 'Server anhalten', it: 'Fermare il server' },
  backUp: { en: 'Back up the data', fr: 'Sauvegarder les données', de: 'Daten sichern', it: 'Salvare i dati' },
  carryOver: {
    en: 'Carry over settings',
    fr: 'Reprendre les réglages',
    de: 'Einstellungen übernehmen',
    it: 'Riprendere le impostazioni',
  },
  swap: {
    en: 'Put the new version in place',
    fr: 'Mettre la nouvelle version en place',
    de: 'Neue Version einsetzen',
    it: 'Mettere al suo posto la nuova versione',
  },
  start: { en: 'Start the server', fr: 'Démarrer le serveur', de: 'Server starten', it: 'Avviare il server' },
  health: {
    en: 'Watch the new version',
    fr: 'Observer la nouvelle version',
    de: 'Neue Version beobachten',
    it: 'Osservare la nuova versione',
  },
  commit: { en: 'Make it final', fr: 'Valider', de: 'Endgültig machen', it: 'Rendere definitivo' },
  notify: { en: 'Send the e-mail', fr: 'Envoyer l’e-mail', de: 'E-Mail senden', it: 'Inviare l’e-mail' },
  cleanUp: { en: 'Clean up', fr: 'Nettoyer', de: 'Aufräumen', it: 'Fare pulizia' },
} as const satisfies Readonly<Record<StepName, Translations>>;

/** Rungs of the stop ladder, as acts of the launcher. */
export const RUNG_NAMES = {
  order: {
    en: 'ask the server to quit',
    fr: 'demander au serveur de quitter',
    de: 'Server bitten, sich zu beenden',
    it: 'chiedere al server di uscire',
  },
  request: {
    en: 'end it by the operating system',
    fr: 'le terminer par le système d’exploitation',
    de: 'über das Betriebssystem beenden',
    it: 'terminarlo tramite il sistema operativo',
  },
  kill: { en: 'kill it', fr: 'le terminer de force', de: 'gewaltsam beenden', it: 'terminarlo di forza' },
  prove: {
    en: 'see that it is gone',
    fr: 'vérifier qu’il n’est plus là',
    de: 'prüfen, dass er weg ist',
    it: 'verificare che non ci sia più',
  },
} as const satisfies Readonly<Record<StopRung, Translations>>;

/** How the server is now, one sentence a state: part of every message about a failure. */
export const SERVER_STATES = {
  stopped: {
    en: 'The server is stopped',
    fr: 'Le serveur est arrêté',
    de: 'Der Server ist angehalten',
    it: 'Il server è fermo',
  },
  starting: {
    en: 'The server is starting',
    fr: 'Le serveur démarre',
    de: 'Der Server startet',
    it: 'Il server si sta avviando',
  },
  up: {
    en: 'The server is running[ (version {version})]',
    fr: 'Le serveur fonctionne[ (version {version})]',
    de: 'Der Server läuft[ (Version {version})]',
    it: 'Il server funziona[ (versione {version})]',
  },
  degraded: {
    en: 'The server is running, but not as it should',
    fr: 'Le serveur fonctionne, mais pas comme il devrait',
    de: 'Der Server läuft, aber nicht, wie er sollte',
    it: 'Il server funziona, ma non come dovrebbe',
  },
  draining: {
    en: 'The server is running; users are leaving',
    fr: 'Le serveur fonctionne; les utilisateurs quittent',
    de: 'Der Server läuft; die Benutzer melden sich ab',
    it: 'Il server funziona; gli utenti stanno uscendo',
  },
  stopping: {
    en: 'The server is stopping',
    fr: 'Le serveur s’arrête',
    de: 'Der Server wird angehalten',
    it: 'Il server si sta fermando',
  },
  crashed: {
    en: 'The server ended unexpectedly',
    fr: 'Le serveur s’est arrêté de façon inattendue',
    de: 'Der Server hat sich unerwartet beendet',
    it: 'Il server si è arrestato inaspettatamente',
  },
  waiting: {
    en: 'The server is down and will be started again[ at {time}]',
    fr: 'Le serveur est arrêté et sera redémarré[ à {time}]',
    de: 'Der Server steht still und wird wieder gestartet[ um {time}]',
    it: 'Il server è fermo e verrà riavviato[ alle {time}]',
  },
  held: {
    en: 'The server is kept stopped on purpose',
    fr: 'Le serveur est volontairement maintenu à l’arrêt',
    de: 'Der Server bleibt absichtlich angehalten',
    it: 'Il server è tenuto fermo di proposito',
  },
} as const satisfies Readonly<Record<ServerState['kind'], Translations>>;

/** How an order stands, for lists; also the CLI's last line begins with it. */
export const UPDATE_STATES = {
  scheduled: { en: 'scheduled', fr: 'planifiée', de: 'geplant', it: 'pianificato' },
  running: { en: 'under way', fr: 'en cours', de: 'läuft', it: 'in corso' },
  updated: { en: 'updated', fr: 'mise à jour effectuée', de: 'aktualisiert', it: 'aggiornato' },
  'fell-back': {
    en: 'failed, previous version restored',
    fr: 'échec, ancienne version rétablie',
    de: 'gescheitert, vorherige Version wiederhergestellt',
    it: 'fallito, versione precedente ripristinata',
  },
  refused: { en: 'not carried out', fr: 'non effectuée', de: 'nicht ausgeführt', it: 'non eseguito' },
  cancelled: { en: 'cancelled', fr: 'annulée', de: 'abgebrochen', it: 'annullato' },
  'rolled-back': {
    en: 'previous version restored on order',
    fr: 'ancienne version rétablie sur ordre',
    de: 'vorherige Version auf Auftrag wiederhergestellt',
    it: 'versione precedente ripristinata su ordine',
  },
  held: {
    en: 'stopped, needs a person',
    fr: 'interrompue, intervention nécessaire',
    de: 'angehalten, Eingriff nötig',
    it: 'interrotto, serve un intervento',
  },
} as const satisfies Readonly<Record<UpdateView['state'], Translations>>;
