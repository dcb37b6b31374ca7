import type { FaultTexts } from './fault-text.ts';

/** Files and processes. */
export const MACHINE_FAULTS = {
  'disk-full': {
    en: ['The disk is full.', 'Free space on the volume of {path}, then repeat.'],
    fr: ['Le disque est plein.', 'Libérez de la place sur le volume de {path}, puis recommencez.'],
    de: [
      'Der Datenträger ist voll.',
      'Geben Sie auf dem Datenträger von {path} Platz frei und wiederholen Sie den Vorgang.',
    ],
    it: ['Il disco è pieno.', 'Liberate spazio sul volume di {path} e riprovate.'],
  },
  'quota-exceeded': {
    en: [
      'The disk quota of the account is used up.',
      'Raise the quota of {account} on the volume of {path}, or free space, then repeat.',
    ],
    fr: [
      'Le quota de disque du compte est épuisé.',
      'Augmentez le quota de {account} sur le volume de {path} ou libérez de la place, puis recommencez.',
    ],
    de: [
      'Das Speicherkontingent des Kontos ist aufgebraucht.',
      'Erhöhen Sie das Kontingent von {account} auf dem Datenträger von {path} oder geben Sie Platz frei und wiederholen Sie den Vorgang.',
    ],
    it: [
      'La quota disco dell’account è esaurita.',
      'Aumentate la quota di {account} sul volume di {path} o liberate spazio, poi riprovate.',
    ],
  },
  'file-held': {
    en: [
      'A file or folder is in use by another program[ ({holder})].',
      'Close the program that uses {path}, except the Office Maker folder in the antivirus, then repeat.',
    ],
    fr: [
      'Un fichier ou dossier est utilisé par un autre programme[ ({holder})].',
      'Fermez le programme qui utilise {path}, ajoutez le dossier Office Maker aux exceptions de l’antivirus, puis recommencez.',
    ],
    de: [
      'Eine Datei oder ein Ordner wird von einem anderen Programm benutzt[ ({holder})].',
      'Schliessen Sie das Programm, das {path} benutzt, nehmen Sie den Ordner Office Maker vom Virenschutz aus und wiederholen Sie den Vorgang.',
    ],
    it: [
      'Un file o una cartella è in uso da un altro programma[ ({holder})].',
      'Chiudete il programma che usa {path}, aggiungete la cartella Office Maker alle eccezioni dell’antivirus e riprovate.',
    ],
  },
  'no-permission': {
    en: [
      'The system refused access.',
      'Give {account} full rights on {path}, or repeat it as an administrator of this machine.',
    ],
    fr: [
      'Le système a refusé l’accès.',
      'Donnez à {account} tous les droits sur {path} ou recommencez en tant qu’administrateur de cette machine.',
    ],
    de: [
      'Das System hat den Zugriff verweigert.',
      'Geben Sie {account} volle Rechte auf {path} oder wiederholen Sie den Vorgang als Administrator dieses Rechners.',
    ],
    it: [
      'Il sistema ha negato l’accesso.',
      'Date a {account} tutti i diritti su {path} o riprovate come amministratore di questa macchina.',
    ],
  },
  'not-found': {
    en: [
      'A file or folder is missing.',
      'Restore {path} or correct its place in the configuration, then run `om-launcher update --dry-run`.',
    ],
    fr: [
      'Un fichier ou dossier est introuvable.',
      'Rétablissez {path} ou corrigez son emplacement dans la configuration, puis lancez `om-launcher update --dry-run`.',
    ],
    de: [
      'Eine Datei oder ein Ordner fehlt.',
      'Stellen Sie {path} wieder her oder berichtigen Sie den Ort in der Konfiguration und starten Sie dann `om-launcher update --dry-run`.',
    ],
    it: [
      'Manca un file o una cartella.',
      'Ripristinate {path} o correggetene la posizione nella configurazione, poi eseguite `om-launcher update --dry-run`.',
    ],
  },
  'already-exists': {
    en: ['Something is already there.', 'Look at {path}; move it away if it is not needed, then repeat.'],
    fr: ['L’emplacement est déjà occupé.', 'Examinez {path}; déplacez-le s’il n’est plus utile, puis recommencez.'],
    de: [
      'Der Platz ist bereits belegt.',
      'Prüfen Sie {path}; verschieben Sie es, wenn es nicht gebraucht wird, und wiederholen Sie den Vorgang.',
    ],
    it: ['La posizione è già occupata.', 'Controllate {path}; spostatelo se non serve, poi riprovate.'],
  },
  'read-only': {
    en: [
      'The volume is read-only.',
      'Make the volume of {path} writable, or move the Office Maker folder to another one.',
    ],
    fr: [
      'Le volume est en lecture seule.',
      'Rendez le volume de {path} accessible en écriture ou déplacez le dossier Office Maker sur un autre volume.',
    ],
    de: [
      'Der Datenträger ist schreibgeschützt.',
      'Machen Sie den Datenträger von {path} beschreibbar oder verschieben Sie den Ordner Office Maker auf einen anderen.',
    ],
    it: [
      'Il volume è di sola lettura.',
      'Rendete scrivibile il volume di {path} o spostate la cartella Office Maker su un altro volume.',
    ],
  },
  'cross-volume': {
    en: ['Two places that must lie on the same volume do not.', 'Put {path} and the bundle on the same volume.'],
    fr: [
      'Deux emplacements qui doivent se trouver sur le même volume ne s’y trouvent pas.',
      'Placez {path} et l’application sur le même volume.',
    ],
    de: [
      'Zwei Orte, die auf demselben Datenträger liegen müssen, tun es nicht.',
      'Legen Sie {path} und die Anwendung auf denselben Datenträger.',
    ],
    it: [
      'Due posizioni che devono trovarsi sullo stesso volume non lo sono.',
      'Mettete {path} e l’applicazione sullo stesso volume.',
    ],
  },
  'io-error': {
    en: ['The disk reported an error.', 'Check the volume of {path} for defects, then repeat.'],
    fr: ['Le disque a signalé une erreur.', 'Contrôlez l’état du volume de {path}, puis recommencez.'],
    de: [
      'Der Datenträger meldete einen Fehler.',
      'Prüfen Sie den Datenträger von {path} auf Defekte und wiederholen Sie den Vorgang.',
    ],
    it: ['Il disco ha segnalato un errore.', 'Verificate lo stato del volume di {path}, poi riprovate.'],
  },
  'too-many-open-files': {
    en: [
      'The system allows no more open files.',
      'Raise the limit of open files for {account}, or close other programs, then repeat.',
    ],
    fr: [
      'Le système n’autorise plus d’ouvrir de fichiers.',
      'Augmentez la limite de fichiers ouverts pour {account} ou fermez d’autres programmes, puis recommencez.',
    ],
    de: [
      'Das System lässt keine weiteren offenen Dateien zu.',
      'Erhöhen Sie die Grenze offener Dateien von {account} oder schliessen Sie andere Programme und wiederholen Sie den Vorgang.',
    ],
    it: [
      'Il sistema non permette di aprire altri file.',
      'Aumentate il limite di file aperti per {account} o chiudete altri programmi, poi riprovate.',
    ],
  },
  'path-refused': {
    en: [
      'A name or path is not allowed here.',
      'Choose a name without special characters that lies in its folder; links are not followed. It is about {path}.',
    ],
    fr: [
      'Un nom ou chemin n’est pas admis ici.',
      'Choisissez un nom sans caractères spéciaux, situé dans son dossier; les liens ne sont pas suivis. Il s’agit de {path}.',
    ],
    de: [
      'Ein Name oder Pfad ist hier nicht zulässig.',
      'Wählen Sie einen Namen ohne Sonderzeichen, der in seinem Ordner liegt; Verknüpfungen wird nicht gefolgt. Es geht um {path}.',
    ],
    it: [
      'Un nome o un percorso qui non è ammesso.',
      'Scegliete un nome senza caratteri speciali, situato nella sua cartella; i collegamenti non vengono seguiti. Si tratta di {path}.',
    ],
  },
  'too-large': {
    en: ['A file is larger than it may be.', 'Look at {path}; shorten or replace it.'],
    fr: ['Un fichier dépasse la taille admise.', 'Examinez {path}; raccourcissez-le ou remplacez-le.'],
    de: ['Eine Datei ist grösser als zulässig.', 'Prüfen Sie {path}; kürzen oder ersetzen Sie die Datei.'],
    it: ['Un file supera la dimensione ammessa.', 'Controllate {path}; accorciatelo o sostituitelo.'],
  },
  'newer-schema': {
    en: [
      'A record was written by a newer launcher.',
      'Install the newer launcher again; the server keeps running, updates wait. It is about {path}.',
    ],
    fr: [
      'Un enregistrement provient d’un lanceur plus récent.',
      'Réinstallez le lanceur plus récent; le serveur continue de fonctionner, les mises à jour attendent. Il s’agit de {path}.',
    ],
    de: [
      'Eine Aufzeichnung stammt von einem neueren Launcher.',
      'Installieren Sie wieder den neueren Launcher; der Server läuft weiter, Updates warten. Es geht um {path}.',
    ],
    it: [
      'Una registrazione proviene da un launcher più recente.',
      'Reinstallate il launcher più recente; il server continua a funzionare, gli aggiornamenti attendono. Si tratta di {path}.',
    ],
  },
  'record-corrupt': {
    en: [
      'A record of the launcher is damaged; it was set aside.',
      'Nothing is needed to run the server. Send the end of `om-launcher logs` to the support; it is about {path}.',
    ],
    fr: [
      'Un enregistrement du lanceur est endommagé; il a été mis de côté.',
      'Le serveur fonctionne sans intervention. Envoyez la fin de `om-launcher logs` à l’assistance; il s’agit de {path}.',
    ],
    de: [
      'Eine Aufzeichnung des Launchers ist beschädigt; sie wurde beiseitegelegt.',
      'Für den Betrieb des Servers ist nichts nötig. Senden Sie das Ende von `om-launcher logs` an den Support; es geht um {path}.',
    ],
    it: [
      'Una registrazione del launcher è danneggiata; è stata messa da parte.',
      'Per il server non serve nulla. Inviate la fine di `om-launcher logs` all’assistenza; si tratta di {path}.',
    ],
  },
  'spawn-failed': {
    en: [
      'A program could not be started.',
      'Check that {path} exists, is executable for {account} and is allowed by the antivirus.',
    ],
    fr: [
      'Un programme n’a pas pu être démarré.',
      'Vérifiez que {path} existe, que {account} peut l’exécuter et que l’antivirus l’autorise.',
    ],
    de: [
      'Ein Programm konnte nicht gestartet werden.',
      'Prüfen Sie, ob {path} vorhanden ist, von {account} ausgeführt werden darf und vom Virenschutz zugelassen ist.',
    ],
    it: [
      'Non è stato possibile avviare un programma.',
      'Verificate che {path} esista, che {account} possa eseguirlo e che l’antivirus lo consenta.',
    ],
  },
  'command-failed': {
    en: [
      'A command ended with an error.',
      'Run the command by hand to see its message; correct it in the configuration if needed.',
    ],
    fr: [
      'Une commande s’est terminée par une erreur.',
      'Exécutez la commande à la main pour voir son message; corrigez-la au besoin dans la configuration.',
    ],
    de: [
      'Ein Befehl endete mit einem Fehler.',
      'Führen Sie den Befehl von Hand aus, um seine Meldung zu sehen; berichtigen Sie ihn bei Bedarf in der Konfiguration.',
    ],
    it: [
      'Un comando è terminato con un errore.',
      'Eseguite il comando a mano per vederne il messaggio; se serve correggetelo nella configurazione.',
    ],
  },
  'worker-died': {
    en: [
      'The process that puts the new version together has died.',
      'It is tried again by itself. If it happens again, look at the memory of the machine and at `om-launcher logs`.',
    ],
    fr: [
      'Le processus qui prépare la nouvelle version s’est arrêté brusquement.',
      'Un nouvel essai a lieu automatiquement. Si cela se reproduit, examinez la mémoire de la machine et `om-launcher logs`.',
    ],
    de: [
      'Der Prozess, der die neue Version zusammenstellt, ist abgebrochen.',
      'Es wird von selbst erneut versucht. Geschieht es wieder, prüfen Sie den Arbeitsspeicher des Rechners und `om-launcher logs`.',
    ],
    it: [
      'Il processo che prepara la nuova versione si è interrotto.',
      'Si riprova automaticamente. Se succede di nuovo, controllate la memoria della macchina e `om-launcher logs`.',
    ],
  },
  'timed-out': {
    en: [
      'It took longer than it may.',
      'Repeat later; if it happens again, look at the load of the machine and at `om-launcher logs`.',
    ],
    fr: [
      'L’opération a dépassé le temps accordé.',
      'Recommencez plus tard; si cela se répète, examinez la charge de la machine et `om-launcher logs`.',
    ],
    de: [
      'Es dauerte länger als zulässig.',
      'Versuchen Sie es später wieder; wiederholt es sich, prüfen Sie die Auslastung des Rechners und `om-launcher logs`.',
    ],
    it: [
      'L’operazione ha superato il tempo concesso.',
      'Riprovate più tardi; se si ripete, controllate il carico della macchina e `om-launcher logs`.',
    ],
  },
  cancelled: {
    en: ['It was cancelled.', 'Nothing is needed; give the order again when it suits.'],
    fr: ['L’opération a été annulée.', 'Aucune intervention nécessaire; redonnez l’ordre au moment voulu.'],
    de: ['Der Vorgang wurde abgebrochen.', 'Es ist nichts nötig; erteilen Sie den Auftrag neu, wenn es passt.'],
    it: ['L’operazione è stata annullata.', 'Non serve nulla; ridate l’ordine quando conviene.'],
  },
} as const satisfies Partial<FaultTexts>;
