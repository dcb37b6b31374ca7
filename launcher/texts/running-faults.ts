import type { FaultTexts } from './fault-text.ts';

/** The server at work, and the launcher itself. */
export const RUNNING_FAULTS = {
  'server-not-ready': {
    en: [
      'The server was started but did not become ready in time.',
      'Look at `om-launcher logs`; if its first start takes long on purpose, raise `"server": { "start": { "limitSeconds": … } }`.',
    ],
    fr: [
      'Le serveur a démarré mais n’a pas été prêt à temps.',
      'Consultez `om-launcher logs`; si son premier démarrage est long par nature, augmentez `"server": { "start": { "limitSeconds": … } }`.',
    ],
    de: [
      'Der Server wurde gestartet, war aber nicht rechtzeitig bereit.',
      'Sehen Sie in `om-launcher logs` nach; dauert der erste Start gewollt lange, erhöhen Sie `"server": { "start": { "limitSeconds": … } }`.',
    ],
    it: [
      'Il server è partito ma non è stato pronto in tempo.',
      'Consultate `om-launcher logs`; se il primo avvio è lungo di proposito, aumentate `"server": { "start": { "limitSeconds": … } }`.',
    ],
  },
  'server-exited': {
    en: [
      'The server ended by itself.',
      'Look at the end of `om-launcher logs`; the launcher starts it again unless it was told not to.',
    ],
    fr: [
      'Le serveur s’est arrêté de lui-même.',
      'Consultez la fin de `om-launcher logs`; le lanceur le redémarre, sauf ordre contraire.',
    ],
    de: [
      'Der Server hat sich von selbst beendet.',
      'Sehen Sie am Ende von `om-launcher logs` nach; der Launcher startet ihn wieder, sofern nichts anderes verlangt wurde.',
    ],
    it: [
      'Il server si è arrestato da solo.',
      'Consultate la fine di `om-launcher logs`; il launcher lo riavvia, salvo ordine contrario.',
    ],
  },
  'server-exited-early': {
    en: [
      'The server started, then ended after some seconds.',
      'It may not find its data file or its licence: check `"server": { "args": … }` (`--data`) and the end of `om-launcher logs`.',
    ],
    fr: [
      'Le serveur a démarré, puis s’est arrêté après quelques secondes.',
      'Il ne trouve peut-être pas son fichier de données ou sa licence: vérifiez `"server": { "args": … }` (`--data`) et la fin de `om-launcher logs`.',
    ],
    de: [
      'Der Server startete und beendete sich nach wenigen Sekunden.',
      'Vielleicht findet er seine Datendatei oder seine Lizenz nicht: Prüfen Sie `"server": { "args": … }` (`--data`) und das Ende von `om-launcher logs`.',
    ],
    it: [
      'Il server è partito e si è arrestato dopo alcuni secondi.',
      'Forse non trova il file di dati o la licenza: verificate `"server": { "args": … }` (`--data`) e la fine di `om-launcher logs`.',
    ],
  },
  'server-unhealthy': {
    en: [
      'The server runs but does not answer as it should.',
      'Look at `om-launcher logs`; check `"server": { "health": … }` if users can work normally.',
    ],
    fr: [
      'Le serveur fonctionne mais ne répond pas comme il devrait.',
      'Consultez `om-launcher logs`; vérifiez `"server": { "health": … }` si les utilisateurs travaillent normalement.',
    ],
    de: [
      'Der Server läuft, antwortet aber nicht, wie er sollte.',
      'Sehen Sie in `om-launcher logs` nach; prüfen Sie `"server": { "health": … }`, wenn normal gearbeitet werden kann.',
    ],
    it: [
      'Il server funziona ma non risponde come dovrebbe.',
      'Consultate `om-launcher logs`; verificate `"server": { "health": … }` se gli utenti lavorano normalmente.',
    ],
  },
  'server-wrong-version': {
    en: [
      'The server reports another version[ ({found}) than expected ({expected})].',
      'Check that no other copy is started in its place; then order the update again.',
    ],
    fr: [
      'Le serveur annonce une autre version[ ({found}) que celle attendue ({expected})].',
      'Vérifiez qu’aucune autre copie n’est démarrée à sa place, puis redonnez l’ordre de mise à jour.',
    ],
    de: [
      'Der Server meldet eine andere Version[ ({found}) als erwartet ({expected})].',
      'Prüfen Sie, ob an seiner Stelle eine andere Kopie gestartet wird, und bestellen Sie das Update neu.',
    ],
    it: [
      'Il server indica un’altra versione[ ({found}) rispetto a quella attesa ({expected})].',
      'Verificate che non venga avviata un’altra copia al suo posto, poi riordinate l’aggiornamento.',
    ],
  },
  'server-port-taken': {
    en: [
      'The server’s port[ {port}] is held by another program[: {holder}][, process {pid}][, account {holderAccount}].',
      'End that program, or give the server another port; the launcher starts the server as soon as the port is free.',
    ],
    fr: [
      'Le port[ {port}] du serveur est occupé par un autre programme[: {holder}][, processus {pid}][, compte {holderAccount}].',
      'Arrêtez ce programme ou donnez un autre port au serveur; le lanceur démarre le serveur dès que le port est libre.',
    ],
    de: [
      'Der Port[ {port}] des Servers ist durch ein anderes Programm belegt[: {holder}][, Prozess {pid}][, Konto {holderAccount}].',
      'Beenden Sie dieses Programm oder geben Sie dem Server einen anderen Port; der Launcher startet den Server, sobald der Port frei ist.',
    ],
    it: [
      'La porta[ {port}] del server è occupata da un altro programma[: {holder}][, processo {pid}][, account {holderAccount}].',
      'Chiudete quel programma o date al server un’altra porta; il launcher avvia il server appena la porta è libera.',
    ],
  },
  'server-disk-full': {
    en: [
      'The server cannot run because a disk is full[ ({free} free)].',
      'Free space on the volume of {path}; the launcher looks every few seconds and then starts the server by itself.',
    ],
    fr: [
      'Le serveur ne peut fonctionner parce qu’un disque est plein[ ({free} libres)].',
      'Libérez de la place sur le volume de {path}; le lanceur regarde toutes les quelques secondes et démarre alors le serveur de lui-même.',
    ],
    de: [
      'Der Server kann nicht laufen, weil eine Festplatte voll ist[ ({free} frei)].',
      'Schaffen Sie Platz auf dem Volume von {path}; der Launcher sieht alle paar Sekunden nach und startet den Server dann von selbst.',
    ],
    it: [
      'Il server non può funzionare perché un disco è pieno[ ({free} liberi)].',
      'Liberate spazio sul volume di {path}; il launcher controlla ogni pochi secondi e poi avvia il server da solo.',
    ],
  },
  'server-data-held': {
    en: [
      'The server’s data are held by another program[: {holder}].',
      'End that program; the launcher looks every few seconds and then starts the server by itself.',
    ],
    fr: [
      'Les données du serveur sont occupées par un autre programme[: {holder}].',
      'Arrêtez ce programme; le lanceur regarde toutes les quelques secondes et démarre alors le serveur de lui-même.',
    ],
    de: [
      'Die Daten des Servers sind durch ein anderes Programm belegt[: {holder}].',
      'Beenden Sie dieses Programm; der Launcher sieht alle paar Sekunden nach und startet den Server dann von selbst.',
    ],
    it: [
      'I dati del server sono occupati da un altro programma[: {holder}].',
      'Chiudete quel programma; il launcher controlla ogni pochi secondi e poi avvia il server da solo.',
    ],
  },
  'server-licence-missing': {
    en: [
      'The server ended because it found no valid licence.',
      'Install the licence, then `om-launcher start`; by itself the launcher tries again every few minutes only.',
    ],
    fr: [
      'Le serveur s’est arrêté faute de licence valable.',
      'Installez la licence, puis `om-launcher start`; de lui-même, le lanceur ne réessaie que toutes les quelques minutes.',
    ],
    de: [
      'Der Server hat sich beendet, weil er keine gültige Lizenz fand.',
      'Installieren Sie die Lizenz, danach `om-launcher start`; von selbst versucht es der Launcher nur alle paar Minuten.',
    ],
    it: [
      'Il server si è arrestato perché non ha trovato una licenza valida.',
      'Installate la licenza, poi `om-launcher start`; da solo il launcher riprova solo ogni pochi minuti.',
    ],
  },
  'server-quit-early': {
    en: [
      'The server started and ended by its own will before it was ready[, after {seconds} s].',
      'It may want to show a dialog, which nobody can answer here: start it once by hand with a screen, check `"server": { "args": … }` (`--data`), then `om-launcher start`.',
    ],
    fr: [
      'Le serveur a démarré puis s’est arrêté de son plein gré avant d’être prêt[, après {seconds} s].',
      'Il voudrait peut-être afficher un dialogue, auquel personne ne peut répondre ici: démarrez-le une fois à la main avec un écran, vérifiez `"server": { "args": … }` (`--data`), puis `om-launcher start`.',
    ],
    de: [
      'Der Server startete und beendete sich aus freien Stücken, bevor er bereit war[, nach {seconds} s].',
      'Vielleicht will er einen Dialog zeigen, den hier niemand beantworten kann: Starten Sie ihn einmal von Hand mit Bildschirm, prüfen Sie `"server": { "args": … }` (`--data`), danach `om-launcher start`.',
    ],
    it: [
      'Il server è partito e si è chiuso di propria volontà prima di essere pronto[, dopo {seconds} s].',
      'Forse vuole mostrare un dialogo a cui qui nessuno può rispondere: avviatelo una volta a mano con uno schermo, verificate `"server": { "args": … }` (`--data`), poi `om-launcher start`.',
    ],
  },
  'server-stopped': {
    en: ['The server is stopped.', 'Start it with `om-launcher start`.'],
    fr: ['Le serveur est arrêté.', 'Démarrez-le avec `om-launcher start`.'],
    de: ['Der Server ist angehalten.', 'Starten Sie ihn mit `om-launcher start`.'],
    it: ['Il server è fermo.', 'Avviatelo con `om-launcher start`.'],
  },
  'server-survived-stop': {
    en: [
      'The server did not stop[ ({survivors})].',
      'Wait until it has finished its work, or end it by hand; then repeat.',
    ],
    fr: [
      'Le serveur ne s’est pas arrêté[ ({survivors})].',
      'Attendez qu’il ait terminé son travail ou arrêtez-le à la main, puis recommencez.',
    ],
    de: [
      'Der Server hat sich nicht beendet[ ({survivors})].',
      'Warten Sie, bis er seine Arbeit beendet hat, oder beenden Sie ihn von Hand; wiederholen Sie dann den Vorgang.',
    ],
    it: [
      'Il server non si è arrestato[ ({survivors})].',
      'Aspettate che finisca il suo lavoro o arrestatelo a mano, poi riprovate.',
    ],
  },
  'sessions-unknown': {
    en: [
      'It is not known whether users are connected; they are taken to be.',
      'Wait for the end of the disconnection delay, or set `"server": { "sessions": { "port": … } }`.',
    ],
    fr: [
      'On ignore si des utilisateurs sont connectés; on suppose que oui.',
      'Attendez la fin du délai de déconnexion ou indiquez `"server": { "sessions": { "port": … } }`.',
    ],
    de: [
      'Es ist nicht bekannt, ob jemand angemeldet ist; es wird angenommen.',
      'Warten Sie das Ende der Abmeldezeit ab oder geben Sie `"server": { "sessions": { "port": … } }` an.',
    ],
    it: [
      'Non si sa se vi sono utenti connessi; si presume di sì.',
      'Aspettate la fine del tempo di disconnessione o indicate `"server": { "sessions": { "port": … } }`.',
    ],
  },
  'sessions-remain': {
    en: [
      'Users are still connected.',
      'Ask them to save and leave, or set `"server": { "sessions": { "closeCommand": … } }`; then repeat.',
    ],
    fr: [
      'Des utilisateurs sont encore connectés.',
      'Demandez-leur d’enregistrer et de quitter, ou indiquez `"server": { "sessions": { "closeCommand": … } }`, puis recommencez.',
    ],
    de: [
      'Es sind noch Benutzer angemeldet.',
      'Bitten Sie sie, zu speichern und zu beenden, oder geben Sie `"server": { "sessions": { "closeCommand": … } }` an; wiederholen Sie dann den Vorgang.',
    ],
    it: [
      'Vi sono ancora utenti connessi.',
      'Chiedete loro di salvare e uscire, o indicate `"server": { "sessions": { "closeCommand": … } }`, poi riprovate.',
    ],
  },
  'launcher-running': {
    en: [
      'Another launcher already runs for this server.',
      'Use that one: `om-launcher status` reaches it. Stop it before you start another.',
    ],
    fr: [
      'Un autre lanceur fonctionne déjà pour ce serveur.',
      'Utilisez celui-là: `om-launcher status` l’atteint. Arrêtez-le avant d’en démarrer un autre.',
    ],
    de: [
      'Für diesen Server läuft bereits ein Launcher.',
      'Verwenden Sie diesen: `om-launcher status` erreicht ihn. Halten Sie ihn an, bevor Sie einen anderen starten.',
    ],
    it: [
      'Un altro launcher è già attivo per questo server.',
      'Usate quello: `om-launcher status` lo raggiunge. Fermatelo prima di avviarne un altro.',
    ],
  },
  'launcher-absent': {
    en: ['No launcher is running for this server.', 'Start it with `om-launcher run`, or start its service.'],
    fr: ['Aucun lanceur ne fonctionne pour ce serveur.', 'Démarrez-le avec `om-launcher run` ou démarrez son service.'],
    de: [
      'Für diesen Server läuft kein Launcher.',
      'Starten Sie ihn mit `om-launcher run` oder starten Sie seinen Dienst.',
    ],
    it: ['Nessun launcher è attivo per questo server.', 'Avviatelo con `om-launcher run` o avviate il suo servizio.'],
  },
  'configuration-invalid': {
    en: [
      'The configuration has mistakes.',
      'Run `om-launcher config check`; it names each one with its line. It is about {path}.',
    ],
    fr: [
      'La configuration contient des erreurs.',
      'Lancez `om-launcher config check`; chaque erreur y est indiquée avec sa ligne. Il s’agit de {path}.',
    ],
    de: [
      'Die Konfiguration enthält Fehler.',
      'Starten Sie `om-launcher config check`; jeder Fehler wird mit seiner Zeile genannt. Es geht um {path}.',
    ],
    it: [
      'La configurazione contiene errori.',
      'Eseguite `om-launcher config check`; indica ogni errore con la sua riga. Si tratta di {path}.',
    ],
  },
  unauthorised: {
    en: [
      'The request does not say who asks, or no longer validly.',
      'Log in again in OM Client as Administrator, or give a valid token.',
    ],
    fr: [
      'La demande n’indique pas qui la fait, ou plus valablement.',
      'Reconnectez-vous dans OM Client avec le compte Administrateur ou présentez un jeton valable.',
    ],
    de: [
      'Die Anfrage sagt nicht oder nicht mehr gültig, von wem sie kommt.',
      'Melden Sie sich in OM Client erneut mit dem Administratorkonto an oder geben Sie ein gültiges Token an.',
    ],
    it: [
      'La richiesta non indica chi la fa, o non più validamente.',
      'Accedete di nuovo in OM Client con l’account Amministratore o fornite un token valido.',
    ],
  },
  forbidden: {
    en: ['This is not allowed for whoever asks.', 'Use the Administrator account, or a token with a wider scope.'],
    fr: ['Cela n’est pas permis au demandeur.', 'Utilisez le compte Administrateur ou un jeton plus étendu.'],
    de: [
      'Das ist dem Anfragenden nicht erlaubt.',
      'Verwenden Sie das Administratorkonto oder ein Token mit mehr Rechten.',
    ],
    it: ['Questo non è permesso a chi lo chiede.', 'Usate l’account Amministratore o un token con più diritti.'],
  },
  'request-invalid': {
    en: ['The request is not valid[ ({field})].', 'Correct the value[; expected: {expected}], then repeat.'],
    fr: ['La demande n’est pas valable[ ({field})].', 'Corrigez la valeur[; attendu: {expected}], puis recommencez.'],
    de: [
      'Die Anfrage ist nicht gültig[ ({field})].',
      'Berichtigen Sie den Wert[; erwartet: {expected}] und wiederholen Sie den Vorgang.',
    ],
    it: ['La richiesta non è valida[ ({field})].', 'Correggete il valore[; atteso: {expected}], poi riprovate.'],
  },
  'route-unknown': {
    en: ['The launcher port does not know this address.', '`/openapi.json` lists what it knows.'],
    fr: ['Le port du lanceur ne connaît pas cette adresse.', '`/openapi.json` liste ce qu’il connaît.'],
    de: ['Der Launcher-Port kennt diese Adresse nicht.', '`/openapi.json` nennt, was er kennt.'],
    it: ['La porta del launcher non conosce questo indirizzo.', '`/openapi.json` elenca ciò che conosce.'],
  },
  'update-unknown': {
    en: ['There is no update with this id.', '`om-launcher history` lists the updates.'],
    fr: ['Il n’existe pas de mise à jour avec cet identifiant.', '`om-launcher history` liste les mises à jour.'],
    de: ['Es gibt kein Update mit dieser Kennung.', '`om-launcher history` nennt die Updates.'],
    it: ['Non esiste un aggiornamento con questo identificativo.', '`om-launcher history` elenca gli aggiornamenti.'],
  },
  'too-many-requests': {
    en: ['Too many requests came in a short time.', 'Wait a minute, then repeat.'],
    fr: ['Trop de demandes en peu de temps.', 'Attendez une minute, puis recommencez.'],
    de: ['Es kamen zu viele Anfragen in kurzer Zeit.', 'Warten Sie eine Minute und versuchen Sie es wieder.'],
    it: ['Troppe richieste in poco tempo.', 'Aspettate un minuto, poi riprovate.'],
  },
  'mail-failed': {
    en: [
      'The e-mail could not be sent.',
      'Check `"mail"` in the configuration; the launcher tries again by itself, the update is not affected.',
    ],
    fr: [
      'L’e-mail n’a pas pu être envoyé.',
      'Vérifiez `"mail"` dans la configuration; le lanceur réessaie de lui-même, la mise à jour n’est pas touchée.',
    ],
    de: [
      'Die E-Mail konnte nicht gesendet werden.',
      'Prüfen Sie `"mail"` in der Konfiguration; der Launcher versucht es von selbst wieder, das Update ist nicht betroffen.',
    ],
    it: [
      'Non è stato possibile inviare l’e-mail.',
      'Verificate `"mail"` nella configurazione; il launcher riprova da solo, l’aggiornamento non è toccato.',
    ],
  },
  unexpected: {
    en: ['Something unexpected happened.', 'Look at `om-launcher logs` and send its end to the support.'],
    fr: ['Un événement inattendu s’est produit.', 'Consultez `om-launcher logs` et envoyez-en la fin à l’assistance.'],
    de: [
      'Es ist etwas Unerwartetes geschehen.',
      'Sehen Sie in `om-launcher logs` nach und senden Sie das Ende an den Support.',
    ],
    it: ['È accaduto qualcosa di imprevisto.', 'Consultate `om-launcher logs` e inviatene la fine all’assistenza.'],
  },
} as const satisfies Partial<FaultTexts>;
