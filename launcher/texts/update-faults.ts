import type { FaultTexts } from './fault-text.ts';

/** Preconditions of an update, and what moves along with it. */
export const UPDATE_FAULTS = {
  'folder-missing': {
    en: ['The Office Maker folder is missing.', 'Restore {path}, or correct `"folder"` in the configuration.'],
    fr: [
      'Le dossier Office Maker est introuvable.',
      'Rétablissez {path} ou corrigez `"folder"` dans la configuration.',
    ],
    de: [
      'Der Ordner Office Maker fehlt.',
      'Stellen Sie {path} wieder her oder berichtigen Sie `"folder"` in der Konfiguration.',
    ],
    it: ['Manca la cartella Office Maker.', 'Ripristinate {path} o correggete `"folder"` nella configurazione.'],
  },
  'volume-refused': {
    en: [
      'The volume cannot carry an update safely.',
      'Move the Office Maker folder to a local, writable disk; now it is in {path}.',
    ],
    fr: [
      'Le volume ne permet pas une mise à jour sûre.',
      'Déplacez le dossier Office Maker sur un disque local accessible en écriture; il se trouve dans {path}.',
    ],
    de: [
      'Der Datenträger lässt kein sicheres Update zu.',
      'Verschieben Sie den Ordner Office Maker auf einen lokalen, beschreibbaren Datenträger; er liegt in {path}.',
    ],
    it: [
      'Il volume non permette un aggiornamento sicuro.',
      'Spostate la cartella Office Maker su un disco locale scrivibile; ora si trova in {path}.',
    ],
  },
  'release-out-of-reach': {
    en: [
      'The version[ {version}] cannot be reached in one step from the installed one.',
      'Install the version in between first; `om-launcher check` shows what is offered.',
    ],
    fr: [
      'La version[ {version}] ne peut pas être atteinte en une étape depuis celle installée.',
      'Installez d’abord la version intermédiaire; `om-launcher check` montre ce qui est proposé.',
    ],
    de: [
      'Die Version[ {version}] ist von der installierten nicht in einem Schritt erreichbar.',
      'Installieren Sie zuerst die Version dazwischen; `om-launcher check` zeigt, was angeboten wird.',
    ],
    it: [
      'La versione[ {version}] non è raggiungibile in un solo passo da quella installata.',
      'Installate prima la versione intermedia; `om-launcher check` mostra che cosa è offerto.',
    ],
  },
  'shipped-list-missing': {
    en: [
      'What the installed version[ {version}] shipped cannot be told; files that were added here could be left behind.',
      'See to it that the launcher reaches the repository, then order the update again.',
    ],
    fr: [
      'Impossible de savoir ce que contenait la version[ {version}] installée; des fichiers ajoutés ici pourraient être oubliés.',
      'Faites en sorte que le lanceur atteigne le dépôt, puis ordonnez à nouveau la mise à jour.',
    ],
    de: [
      'Was die installierte Version[ {version}] mitbrachte, lässt sich nicht feststellen; hier hinzugefügte Dateien könnten zurückbleiben.',
      'Sorgen Sie dafür, dass der Launcher das Repository erreicht, und ordnen Sie das Update erneut an.',
    ],
    it: [
      'Non è possibile sapere che cosa conteneva la versione[ {version}] installata; i file aggiunti qui potrebbero andare persi.',
      'Fate in modo che il launcher raggiunga il repository, poi ordinate di nuovo l’aggiornamento.',
    ],
  },
  'bundle-missing': {
    en: [
      'The application is missing at its place.',
      'Restore {path}, for example with `om-launcher rollback`, or correct `"bundle"` in the configuration.',
    ],
    fr: [
      'L’application est introuvable à son emplacement.',
      'Rétablissez {path}, par exemple avec `om-launcher rollback`, ou corrigez `"bundle"` dans la configuration.',
    ],
    de: [
      'Die Anwendung fehlt an ihrem Ort.',
      'Stellen Sie {path} wieder her, zum Beispiel mit `om-launcher rollback`, oder berichtigen Sie `"bundle"` in der Konfiguration.',
    ],
    it: [
      'L’applicazione manca al suo posto.',
      'Ripristinate {path}, per esempio con `om-launcher rollback`, o correggete `"bundle"` nella configurazione.',
    ],
  },
  'bundle-incomplete': {
    en: [
      'The application is not complete.',
      'Go back with `om-launcher rollback`, or order the update again. It is about {path}.',
    ],
    fr: [
      'L’application est incomplète.',
      'Revenez en arrière avec `om-launcher rollback` ou redonnez l’ordre de mise à jour. Il s’agit de {path}.',
    ],
    de: [
      'Die Anwendung ist nicht vollständig.',
      'Gehen Sie mit `om-launcher rollback` zurück oder bestellen Sie das Update neu. Es geht um {path}.',
    ],
    it: [
      'L’applicazione è incompleta.',
      'Tornate indietro con `om-launcher rollback` o riordinate l’aggiornamento. Si tratta di {path}.',
    ],
  },
  'port-in-use': {
    en: [
      'The port[ {port}] is in use[ by {holder}].',
      'End the program that uses it, or give another port in the configuration.',
    ],
    fr: [
      'Le port[ {port}] est occupé[ par {holder}].',
      'Arrêtez le programme qui l’utilise ou indiquez un autre port dans la configuration.',
    ],
    de: [
      'Der Port[ {port}] ist belegt[ durch {holder}].',
      'Beenden Sie das Programm, das ihn benutzt, oder geben Sie in der Konfiguration einen anderen Port an.',
    ],
    it: [
      'La porta[ {port}] è occupata[ da {holder}].',
      'Chiudete il programma che la usa o indicate un’altra porta nella configurazione.',
    ],
  },
  'space-short': {
    en: [
      'There is not enough space on the disk[ ({needed} needed, {free} free)].',
      'Free space on the volume of {path}, then repeat.',
    ],
    fr: [
      'La place sur le disque ne suffit pas[ ({needed} nécessaires, {free} libres)].',
      'Libérez de la place sur le volume de {path}, puis recommencez.',
    ],
    de: [
      'Der Platz auf dem Datenträger reicht nicht[ ({needed} nötig, {free} frei)].',
      'Geben Sie auf dem Datenträger von {path} Platz frei und wiederholen Sie den Vorgang.',
    ],
    it: [
      'Lo spazio sul disco non basta[ ({needed} necessari, {free} liberi)].',
      'Liberate spazio sul volume di {path}, poi riprovate.',
    ],
  },
  'rights-missing': {
    en: [
      'The account lacks rights on the Office Maker folder.',
      'Give {account} full rights on {path}, then run `om-launcher update --dry-run`.',
    ],
    fr: [
      'Le compte n’a pas tous les droits sur le dossier Office Maker.',
      'Donnez à {account} tous les droits sur {path}, puis lancez `om-launcher update --dry-run`.',
    ],
    de: [
      'Dem Konto fehlen Rechte auf den Ordner Office Maker.',
      'Geben Sie {account} volle Rechte auf {path} und starten Sie dann `om-launcher update --dry-run`.',
    ],
    it: [
      'All’account mancano diritti sulla cartella Office Maker.',
      'Date a {account} tutti i diritti su {path}, poi eseguite `om-launcher update --dry-run`.',
    ],
  },
  'probe-blocked': {
    en: [
      'A trial file was blocked or removed.',
      'Except the Office Maker folder in the antivirus, then try with `om-launcher update --dry-run`. It is about {path}.',
    ],
    fr: [
      'Un fichier d’essai a été bloqué ou supprimé.',
      'Ajoutez le dossier Office Maker aux exceptions de l’antivirus, puis essayez avec `om-launcher update --dry-run`. Il s’agit de {path}.',
    ],
    de: [
      'Eine Probedatei wurde blockiert oder entfernt.',
      'Nehmen Sie den Ordner Office Maker vom Virenschutz aus und versuchen Sie es dann mit `om-launcher update --dry-run`. Es geht um {path}.',
    ],
    it: [
      'Un file di prova è stato bloccato o rimosso.',
      'Aggiungete la cartella Office Maker alle eccezioni dell’antivirus, poi provate con `om-launcher update --dry-run`. Si tratta di {path}.',
    ],
  },
  'smoke-failed': {
    en: [
      'The new version failed its trial run.',
      'Keep the installed version and tell the publisher; check that the antivirus does not block it.',
    ],
    fr: [
      'La nouvelle version a échoué à l’essai.',
      'Gardez la version installée et avertissez l’éditeur; vérifiez que l’antivirus ne la bloque pas.',
    ],
    de: [
      'Die neue Version hat den Probelauf nicht bestanden.',
      'Behalten Sie die installierte Version und melden Sie es dem Herausgeber; prüfen Sie, ob der Virenschutz sie blockiert.',
    ],
    it: [
      'La nuova versione non ha superato la prova.',
      'Tenete la versione installata e avvisate l’editore; verificate che l’antivirus non la blocchi.',
    ],
  },
  'backup-running': {
    en: ['A backup of the data is running.', 'Wait until the backup has ended; the update then goes on.'],
    fr: [
      'Une sauvegarde des données est en cours.',
      'Attendez la fin de la sauvegarde; la mise à jour reprend ensuite.',
    ],
    de: [
      'Eine Sicherung der Daten läuft.',
      'Warten Sie, bis die Sicherung beendet ist; danach geht das Update weiter.',
    ],
    it: ['È in corso una copia di sicurezza dei dati.', 'Aspettate la fine della copia; poi l’aggiornamento prosegue.'],
  },
  'update-running': {
    en: [
      'An update is already under way[ ({updateId})].',
      'Follow it with `om-launcher status --watch`, or stop it with `om-launcher cancel`.',
    ],
    fr: [
      'Une mise à jour est déjà en cours[ ({updateId})].',
      'Suivez-la avec `om-launcher status --watch` ou arrêtez-la avec `om-launcher cancel`.',
    ],
    de: [
      'Ein Update läuft bereits[ ({updateId})].',
      'Verfolgen Sie es mit `om-launcher status --watch` oder brechen Sie es mit `om-launcher cancel` ab.',
    ],
    it: [
      'Un aggiornamento è già in corso[ ({updateId})].',
      'Seguitelo con `om-launcher status --watch` o fermatelo con `om-launcher cancel`.',
    ],
  },
  'nothing-to-do': {
    en: [
      'There is nothing to do[ (version {version})].',
      '`om-launcher check` and `om-launcher releases` show what is possible.',
    ],
    fr: [
      'Il n’y a rien à faire[ (version {version})].',
      '`om-launcher check` et `om-launcher releases` montrent ce qui est possible.',
    ],
    de: [
      'Es gibt nichts zu tun[ (Version {version})].',
      '`om-launcher check` und `om-launcher releases` zeigen, was möglich ist.',
    ],
    it: [
      'Non c’è nulla da fare[ (versione {version})].',
      '`om-launcher check` e `om-launcher releases` mostrano che cosa è possibile.',
    ],
  },
  'too-late': {
    en: [
      'It is too late: the point of no return has passed.',
      'Wait for the end; then go back with `om-launcher rollback` if needed.',
    ],
    fr: [
      'Il est trop tard: le point de non-retour est passé.',
      'Attendez la fin, puis revenez en arrière avec `om-launcher rollback` si nécessaire.',
    ],
    de: [
      'Es ist zu spät: Der Punkt ohne Umkehr ist überschritten.',
      'Warten Sie das Ende ab; gehen Sie danach bei Bedarf mit `om-launcher rollback` zurück.',
    ],
    it: [
      'È troppo tardi: il punto di non ritorno è superato.',
      'Aspettate la fine, poi tornate indietro con `om-launcher rollback` se serve.',
    ],
  },
  'release-held-back': {
    en: [
      'The version[ {version}] is not due on this machine yet.',
      '`om-launcher check` says why; to install it now, order it expressly with `om-launcher update --to VERSION`.',
    ],
    fr: [
      'La version[ {version}] n’est pas encore due sur cette machine.',
      '`om-launcher check` dit pourquoi; pour l’installer maintenant, commandez-la expressément avec `om-launcher update --to VERSION`.',
    ],
    de: [
      'Die Version[ {version}] steht auf dieser Maschine noch nicht an.',
      '`om-launcher check` sagt, warum; um sie jetzt zu installieren, bestellen Sie sie ausdrücklich mit `om-launcher update --to VERSION`.',
    ],
    it: [
      'La versione[ {version}] su questa macchina non è ancora prevista.',
      '`om-launcher check` dice perché; per installarla ora ordinatela espressamente con `om-launcher update --to VERSION`.',
    ],
  },
  'download-window-closed': {
    en: [
      'The hours in which releases may be fetched are over; the download goes on when they begin again.',
      'Nothing has to be done; to fetch now, order it with `om-launcher update`.',
    ],
    fr: [
      'Les heures où les versions peuvent être téléchargées sont passées; le téléchargement reprendra à leur retour.',
      'Il n’y a rien à faire; pour télécharger maintenant, commandez avec `om-launcher update`.',
    ],
    de: [
      'Die Stunden, in denen Versionen geladen werden dürfen, sind vorbei; der Download geht weiter, wenn sie wieder beginnen.',
      'Es ist nichts zu tun; um jetzt zu laden, bestellen Sie mit `om-launcher update`.',
    ],
    it: [
      'Le ore in cui le versioni possono essere scaricate sono finite; il download riprende quando ricominciano.',
      'Non c’è nulla da fare; per scaricare ora, ordinate con `om-launcher update`.',
    ],
  },
  'launcher-too-old': {
    en: [
      'The version[ {version}] needs a newer om-launcher[: at least {needed}, and this is {launcher}].',
      'Update om-launcher first, then order again.',
    ],
    fr: [
      'La version[ {version}] demande un om-launcher plus récent[: au moins {needed}, et celui-ci est {launcher}].',
      'Mettez d’abord à jour om-launcher, puis commandez de nouveau.',
    ],
    de: [
      'Die Version[ {version}] braucht einen neueren om-launcher[: mindestens {needed}, und dieser ist {launcher}].',
      'Aktualisieren Sie zuerst om-launcher und bestellen Sie dann noch einmal.',
    ],
    it: [
      'La versione[ {version}] richiede un om-launcher più recente[: almeno {needed}, e questo è {launcher}].',
      'Aggiornate prima om-launcher, poi ordinate di nuovo.',
    ],
  },
  'launcher-too-new': {
    en: [
      'The version[ {version}] was made for older om-launchers[: up to {needed}, and this is {launcher}].',
      'Order a newer version; `om-launcher check` shows what is offered. If it has to be this one, an older om-launcher is needed.',
    ],
    fr: [
      'La version[ {version}] est faite pour des om-launcher plus anciens[: jusqu’à {needed}, et celui-ci est {launcher}].',
      'Commandez une version plus récente; `om-launcher check` montre ce qui est proposé. Si ce doit être celle-ci, il faut un om-launcher plus ancien.',
    ],
    de: [
      'Die Version[ {version}] ist für ältere om-launcher gemacht[: bis {needed}, und dieser ist {launcher}].',
      'Bestellen Sie eine neuere Version; `om-launcher check` zeigt, was angeboten wird. Muss es diese sein, braucht es einen älteren om-launcher.',
    ],
    it: [
      'La versione[ {version}] è fatta per om-launcher più vecchi[: fino a {needed}, e questo è {launcher}].',
      'Ordinate una versione più recente; `om-launcher check` mostra che cosa è offerto. Se deve essere questa, serve un om-launcher più vecchio.',
    ],
  },
  'release-marked-bad': {
    en: [
      'The version[ {version}] failed here before and is not installed by itself.',
      'To try it again, order it expressly with `om-launcher update --to VERSION`.',
    ],
    fr: [
      'La version[ {version}] a déjà échoué ici et n’est pas installée d’elle-même.',
      'Pour réessayer, commandez-la expressément avec `om-launcher update --to VERSION`.',
    ],
    de: [
      'Die Version[ {version}] ist hier schon gescheitert und wird nicht von selbst installiert.',
      'Für einen neuen Versuch bestellen Sie sie ausdrücklich mit `om-launcher update --to VERSION`.',
    ],
    it: [
      'La versione[ {version}] qui è già fallita e non viene installata da sola.',
      'Per riprovare ordinatela espressamente con `om-launcher update --to VERSION`.',
    ],
  },
  'carry-over-invalid': {
    en: [
      'A file with your settings or certificates could not be carried over.',
      'Correct {path} in the installed version, then order the update again.',
    ],
    fr: [
      'Un fichier de vos réglages ou certificats n’a pas pu être repris.',
      'Corrigez {path} dans la version installée, puis redonnez l’ordre de mise à jour.',
    ],
    de: [
      'Eine Datei mit Ihren Einstellungen oder Zertifikaten konnte nicht übernommen werden.',
      'Berichtigen Sie {path} in der installierten Version und bestellen Sie das Update neu.',
    ],
    it: [
      'Un file con le vostre impostazioni o certificati non ha potuto essere ripreso.',
      'Correggete {path} nella versione installata, poi riordinate l’aggiornamento.',
    ],
  },
  'carry-over-emptied': {
    en: [
      'A file with your settings holds less than at the last update.',
      'Check {path} in the installed version and restore it, then order the update again.',
    ],
    fr: [
      'Un fichier de vos réglages contient moins qu’à la dernière mise à jour.',
      'Contrôlez {path} dans la version installée et rétablissez-le, puis redonnez l’ordre de mise à jour.',
    ],
    de: [
      'Eine Datei mit Ihren Einstellungen enthält weniger als beim letzten Update.',
      'Prüfen Sie {path} in der installierten Version, stellen Sie die Datei wieder her und bestellen Sie das Update neu.',
    ],
    it: [
      'Un file con le vostre impostazioni contiene meno che all’ultimo aggiornamento.',
      'Controllate {path} nella versione installata e ripristinatelo, poi riordinate l’aggiornamento.',
    ],
  },
  'data-format-changed': {
    en: [
      'The data were converted; the version[ {version}] cannot read them.',
      'To go back with the data as they were before the update, use `om-launcher rollback --data`; what was entered since is lost.',
    ],
    fr: [
      'Les données ont été converties; la version[ {version}] ne peut pas les lire.',
      'Pour revenir avec les données d’avant la mise à jour, utilisez `om-launcher rollback --data`; les saisies faites depuis sont perdues.',
    ],
    de: [
      'Die Daten wurden umgewandelt; die Version[ {version}] kann sie nicht lesen.',
      'Um mit den Daten von vor dem Update zurückzugehen, verwenden Sie `om-launcher rollback --data`; seither Erfasstes geht verloren.',
    ],
    it: [
      'I dati sono stati convertiti; la versione[ {version}] non può leggerli.',
      'Per tornare ai dati di prima dell’aggiornamento usate `om-launcher rollback --data`; quanto inserito da allora va perso.',
    ],
  },
  'data-backup-failed': {
    en: ['The data could not be backed up.', 'Check space and rights in {path}, then order the update again.'],
    fr: [
      'Les données n’ont pas pu être sauvegardées.',
      'Contrôlez la place et les droits dans {path}, puis redonnez l’ordre de mise à jour.',
    ],
    de: [
      'Die Daten konnten nicht gesichert werden.',
      'Prüfen Sie Platz und Rechte in {path} und bestellen Sie das Update neu.',
    ],
    it: [
      'Non è stato possibile salvare i dati.',
      'Controllate spazio e diritti in {path}, poi riordinate l’aggiornamento.',
    ],
  },
  'data-restore-failed': {
    en: [
      'The data could not be restored.',
      'Do not start the server. Restore the data from the backup by hand; it is about {path}.',
    ],
    fr: [
      'Les données n’ont pas pu être rétablies.',
      'Ne démarrez pas le serveur. Rétablissez les données à la main depuis la sauvegarde; il s’agit de {path}.',
    ],
    de: [
      'Die Daten konnten nicht wiederhergestellt werden.',
      'Starten Sie den Server nicht. Stellen Sie die Daten von Hand aus der Sicherung wieder her; es geht um {path}.',
    ],
    it: [
      'Non è stato possibile ripristinare i dati.',
      'Non avviate il server. Ripristinate i dati a mano dalla copia di sicurezza; si tratta di {path}.',
    ],
  },
} as const satisfies Partial<FaultTexts>;
