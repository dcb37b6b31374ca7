import type { FaultTexts } from './fault-text.ts';

/** Network and trust. */
export const TRANSFER_FAULTS = {
  'name-not-resolved': {
    en: [
      'The host[ {host}] is unknown to the name service.',
      'Check the name in the configuration and the DNS of this machine.',
    ],
    fr: [
      'L’hôte[ {host}] est inconnu du service de noms.',
      'Vérifiez le nom dans la configuration et le DNS de cette machine.',
    ],
    de: [
      'Der Host[ {host}] ist dem Namensdienst unbekannt.',
      'Prüfen Sie den Namen in der Konfiguration und das DNS dieses Rechners.',
    ],
    it: [
      'L’host[ {host}] è sconosciuto al servizio dei nomi.',
      'Verificate il nome nella configurazione e il DNS di questa macchina.',
    ],
  },
  'connection-refused': {
    en: [
      'The host[ {host}] refused the connection.',
      'Check address and port, and whether the firewall allows outgoing connections there.',
    ],
    fr: [
      'L’hôte[ {host}] a refusé la connexion.',
      'Vérifiez l’adresse et le port, et si le pare-feu autorise les connexions sortantes vers cet hôte.',
    ],
    de: [
      'Der Host[ {host}] hat die Verbindung abgelehnt.',
      'Prüfen Sie Adresse und Port und ob die Firewall ausgehende Verbindungen dorthin zulässt.',
    ],
    it: [
      'L’host[ {host}] ha rifiutato la connessione.',
      'Verificate indirizzo e porta, e che il firewall consenta le connessioni in uscita verso l’host.',
    ],
  },
  'connection-failed': {
    en: [
      'The connection[ to {host}] failed.',
      'Check the network and the firewall; the launcher tries again by itself.',
    ],
    fr: ['La connexion[ à {host}] a échoué.', 'Vérifiez le réseau et le pare-feu; le lanceur réessaie de lui-même.'],
    de: [
      'Die Verbindung[ zu {host}] ist gescheitert.',
      'Prüfen Sie Netzwerk und Firewall; der Launcher versucht es von selbst wieder.',
    ],
    it: ['La connessione[ a {host}] non è riuscita.', 'Verificate la rete e il firewall; il launcher riprova da solo.'],
  },
  'tls-untrusted': {
    en: [
      'The certificate[ of {host}] is not from a trusted authority.',
      'If a firewall inspects the traffic, give its authority in `"updates": { "ca": … }` (for mail: `"smtp": { "ca": … }`).',
    ],
    fr: [
      'Le certificat[ de {host}] n’émane pas d’une autorité reconnue.',
      'Si un pare-feu inspecte le trafic, indiquez son autorité dans `"updates": { "ca": … }` (pour les mails: `"smtp": { "ca": … }`).',
    ],
    de: [
      'Das Zertifikat[ von {host}] stammt nicht von einer vertrauten Stelle.',
      'Prüft eine Firewall den Verkehr, geben Sie deren Stelle in `"updates": { "ca": … }` an (für Mails: `"smtp": { "ca": … }`).',
    ],
    it: [
      'Il certificato[ di {host}] non proviene da un’autorità riconosciuta.',
      'Se un firewall ispeziona il traffico, indicatene l’autorità in `"updates": { "ca": … }` (per le e-mail: `"smtp": { "ca": … }`).',
    ],
  },
  'tls-expired': {
    en: [
      'The certificate[ of {host}] has expired or is not valid yet.',
      'Check the clock of this machine; if it is right, the operator of the host must renew the certificate.',
    ],
    fr: [
      'Le certificat[ de {host}] a expiré ou n’est pas encore valable.',
      'Vérifiez l’horloge de cette machine; si elle est juste, l’exploitant de l’hôte doit renouveler le certificat.',
    ],
    de: [
      'Das Zertifikat[ von {host}] ist abgelaufen oder noch nicht gültig.',
      'Prüfen Sie die Uhr dieses Rechners; stimmt sie, muss der Betreiber des Hosts das Zertifikat erneuern.',
    ],
    it: [
      'Il certificato[ di {host}] è scaduto o non è ancora valido.',
      'Verificate l’orologio di questa macchina; se è giusto, il gestore dell’host deve rinnovare il certificato.',
    ],
  },
  'tls-wrong-host': {
    en: [
      'The certificate belongs to another host[ than {host}].',
      'Check the address in the configuration, and whether a proxy or a network log-in page answers instead.',
    ],
    fr: [
      'Le certificat appartient à un autre hôte[ que {host}].',
      'Vérifiez l’adresse dans la configuration, et si un proxy ou une page de connexion au réseau répond à la place.',
    ],
    de: [
      'Das Zertifikat gehört zu einem anderen Host[ als {host}].',
      'Prüfen Sie die Adresse in der Konfiguration und ob stattdessen ein Proxy oder eine Anmeldeseite des Netzes antwortet.',
    ],
    it: [
      'Il certificato appartiene a un altro host[ rispetto a {host}].',
      'Verificate l’indirizzo nella configurazione, e se risponde al suo posto un proxy o una pagina di accesso alla rete.',
    ],
  },
  'proxy-authentication': {
    en: ['The proxy wants a user and a password.', 'Give `user` and `passwordFile` in `"updates": { "proxy": … }`.'],
    fr: [
      'Le proxy demande un utilisateur et un mot de passe.',
      'Indiquez `user` et `passwordFile` dans `"updates": { "proxy": … }`.',
    ],
    de: [
      'Der Proxy verlangt Benutzer und Passwort.',
      'Geben Sie `user` und `passwordFile` in `"updates": { "proxy": … }` an.',
    ],
    it: ['Il proxy richiede utente e password.', 'Indicate `user` e `passwordFile` in `"updates": { "proxy": … }`.'],
  },
  'proxy-failed': {
    en: [
      'The proxy did not pass the connection on.',
      'Check `"updates": { "proxy": … }` and ask the proxy’s operator to allow the repository’s host.',
    ],
    fr: [
      'Le proxy n’a pas transmis la connexion.',
      'Vérifiez `"updates": { "proxy": … }` et demandez à l’exploitant du proxy d’autoriser l’hôte du dépôt.',
    ],
    de: [
      'Der Proxy hat die Verbindung nicht weitergereicht.',
      'Prüfen Sie `"updates": { "proxy": … }` und bitten Sie den Betreiber des Proxys, den Host des Repositorys zuzulassen.',
    ],
    it: [
      'Il proxy non ha inoltrato la connessione.',
      'Verificate `"updates": { "proxy": … }` e chiedete al gestore del proxy di autorizzare l’host del repository.',
    ],
  },
  'http-status': {
    en: [
      'The web server answered with an error[ ({status})].',
      'Check `"updates": { "repository": … }`; if the address is right, repeat later.',
    ],
    fr: [
      'Le serveur web a répondu par une erreur[ ({status})].',
      'Vérifiez `"updates": { "repository": … }`; si l’adresse est juste, recommencez plus tard.',
    ],
    de: [
      'Der Webserver antwortete mit einem Fehler[ ({status})].',
      'Prüfen Sie `"updates": { "repository": … }`; stimmt die Adresse, versuchen Sie es später wieder.',
    ],
    it: [
      'Il server web ha risposto con un errore[ ({status})].',
      'Verificate `"updates": { "repository": … }`; se l’indirizzo è giusto, riprovate più tardi.',
    ],
  },
  'redirect-refused': {
    en: [
      'The web server sent the launcher to a place that is not allowed.',
      'Give the final address in `"updates": { "repository": … }`; look for a network log-in page.',
    ],
    fr: [
      'Le serveur web a renvoyé le lanceur vers un emplacement non autorisé.',
      'Indiquez l’adresse finale dans `"updates": { "repository": … }`; cherchez une page de connexion au réseau.',
    ],
    de: [
      'Der Webserver hat den Launcher an einen unzulässigen Ort verwiesen.',
      'Geben Sie die endgültige Adresse in `"updates": { "repository": … }` an; suchen Sie nach einer Anmeldeseite des Netzes.',
    ],
    it: [
      'Il server web ha rinviato il launcher a una posizione non ammessa.',
      'Indicate l’indirizzo finale in `"updates": { "repository": … }`; cercate una pagina di accesso alla rete.',
    ],
  },
  'too-slow': {
    en: [
      'The transfer was too slow and was stopped.',
      'The launcher resumes it later by itself; check the line if it happens again.',
    ],
    fr: [
      'Le transfert était trop lent et a été interrompu.',
      'Le lanceur le reprend plus tard de lui-même; contrôlez la ligne si cela se répète.',
    ],
    de: [
      'Die Übertragung war zu langsam und wurde angehalten.',
      'Der Launcher setzt sie später von selbst fort; prüfen Sie die Leitung, wenn es sich wiederholt.',
    ],
    it: [
      'Il trasferimento era troppo lento ed è stato interrotto.',
      'Il launcher lo riprende più tardi da solo; controllate la linea se si ripete.',
    ],
  },
  'body-too-long': {
    en: [
      'More was sent than expected; it was not accepted.',
      'Look for a proxy or a network log-in page that answers instead of the repository.',
    ],
    fr: [
      'Plus de données que prévu ont été envoyées; elles n’ont pas été acceptées.',
      'Cherchez un proxy ou une page de connexion au réseau qui répond à la place du dépôt.',
    ],
    de: [
      'Es wurde mehr gesendet als erwartet; es wurde nicht angenommen.',
      'Suchen Sie nach einem Proxy oder einer Anmeldeseite des Netzes, die anstelle des Repositorys antwortet.',
    ],
    it: [
      'È stato inviato più del previsto; non è stato accettato.',
      'Cercate un proxy o una pagina di accesso alla rete che risponde al posto del repository.',
    ],
  },
  'body-truncated': {
    en: ['The transfer broke off.', 'The launcher resumes it by itself; check the line if it happens again.'],
    fr: ['Le transfert a été coupé.', 'Le lanceur le reprend de lui-même; contrôlez la ligne si cela se répète.'],
    de: [
      'Die Übertragung brach ab.',
      'Der Launcher setzt sie von selbst fort; prüfen Sie die Leitung, wenn es sich wiederholt.',
    ],
    it: ['Il trasferimento si è interrotto.', 'Il launcher lo riprende da solo; controllate la linea se si ripete.'],
  },
  'signature-invalid': {
    en: [
      'The release is not signed by its publisher.',
      'Do not install it. Tell the publisher which repository it came from.',
    ],
    fr: [
      'La version n’est pas signée par son éditeur.',
      'Ne l’installez pas. Indiquez à l’éditeur de quel dépôt elle provient.',
    ],
    de: [
      'Die Version ist nicht von ihrem Herausgeber signiert.',
      'Installieren Sie sie nicht. Teilen Sie dem Herausgeber mit, aus welchem Repository sie stammt.',
    ],
    it: [
      'La versione non è firmata dal suo editore.',
      'Non installatela. Comunicate all’editore da quale repository proviene.',
    ],
  },
  'metadata-expired': {
    en: [
      'The repository’s signed list is too old.',
      'Check the clock of this machine; if it is right, the publisher must refresh the repository.',
    ],
    fr: [
      'La liste signée du dépôt est périmée.',
      'Vérifiez l’horloge de cette machine; si elle est juste, l’éditeur doit actualiser le dépôt.',
    ],
    de: [
      'Die signierte Liste des Repositorys ist zu alt.',
      'Prüfen Sie die Uhr dieses Rechners; stimmt sie, muss der Herausgeber das Repository auffrischen.',
    ],
    it: [
      'L’elenco firmato del repository è scaduto.',
      'Verificate l’orologio di questa macchina; se è giusto, l’editore deve aggiornare il repository.',
    ],
  },
  'metadata-rollback': {
    en: [
      'The repository offered an older list than was already seen.',
      'Wait for the mirror to catch up; if it stays so, tell the publisher.',
    ],
    fr: [
      'Le dépôt a présenté une liste plus ancienne que celle déjà connue.',
      'Attendez que le miroir soit à jour; si cela persiste, avertissez l’éditeur.',
    ],
    de: [
      'Das Repository bot eine ältere Liste an, als bereits bekannt ist.',
      'Warten Sie, bis der Spiegel nachgeführt ist; bleibt es so, melden Sie es dem Herausgeber.',
    ],
    it: [
      'Il repository ha presentato un elenco più vecchio di quello già noto.',
      'Aspettate che il mirror sia aggiornato; se persiste, avvisate l’editore.',
    ],
  },
  'metadata-invalid': {
    en: [
      'The repository’s list cannot be read or does not fit together.',
      'Check `"updates": { "repository": … }` and any proxy; if both are right, tell the publisher.',
    ],
    fr: [
      'La liste du dépôt est illisible ou incohérente.',
      'Vérifiez `"updates": { "repository": … }` et un éventuel proxy; si tout est juste, avertissez l’éditeur.',
    ],
    de: [
      'Die Liste des Repositorys ist unlesbar oder passt nicht zusammen.',
      'Prüfen Sie `"updates": { "repository": … }` und einen allfälligen Proxy; stimmt beides, melden Sie es dem Herausgeber.',
    ],
    it: [
      'L’elenco del repository è illeggibile o incoerente.',
      'Verificate `"updates": { "repository": … }` e un eventuale proxy; se tutto è giusto, avvisate l’editore.',
    ],
  },
  'digest-mismatch': {
    en: [
      'The content is not what the publisher signed.',
      'Repeat; if it happens again, look for a proxy or antivirus that changes files, and tell the publisher.',
    ],
    fr: [
      'Le contenu ne correspond pas à ce que l’éditeur a signé.',
      'Recommencez; si cela se répète, cherchez un proxy ou un antivirus qui modifie les fichiers et avertissez l’éditeur.',
    ],
    de: [
      'Der Inhalt ist nicht der, den der Herausgeber signiert hat.',
      'Wiederholen Sie den Vorgang; geschieht es wieder, suchen Sie nach einem Proxy oder Virenschutz, der Dateien verändert, und melden Sie es dem Herausgeber.',
    ],
    it: [
      'Il contenuto non è quello firmato dall’editore.',
      'Riprovate; se si ripete, cercate un proxy o un antivirus che modifica i file e avvisate l’editore.',
    ],
  },
  'wrong-target': {
    en: [
      'The release is for another product, platform or channel.',
      'Order a release for this server; `om-launcher check` shows what is offered.',
    ],
    fr: [
      'La version est destinée à un autre produit, une autre plate-forme ou un autre canal.',
      'Commandez une version pour ce serveur; `om-launcher check` montre ce qui est proposé.',
    ],
    de: [
      'Die Version ist für ein anderes Produkt, eine andere Plattform oder einen anderen Kanal.',
      'Bestellen Sie eine Version für diesen Server; `om-launcher check` zeigt, was angeboten wird.',
    ],
    it: [
      'La versione è per un altro prodotto, un’altra piattaforma o un altro canale.',
      'Ordinate una versione per questo server; `om-launcher check` mostra che cosa è offerto.',
    ],
  },
  'downgrade-refused': {
    en: [
      'The offered version[ {version}] is older than the installed one.',
      'To go back, use `om-launcher rollback`; `om-launcher releases` shows the kept versions.',
    ],
    fr: [
      'La version proposée[ {version}] est plus ancienne que celle installée.',
      'Pour revenir en arrière, utilisez `om-launcher rollback`; `om-launcher releases` montre les versions conservées.',
    ],
    de: [
      'Die angebotene Version[ {version}] ist älter als die installierte.',
      'Zurück geht es mit `om-launcher rollback`; `om-launcher releases` zeigt die aufbewahrten Versionen.',
    ],
    it: [
      'La versione offerta[ {version}] è più vecchia di quella installata.',
      'Per tornare indietro usate `om-launcher rollback`; `om-launcher releases` mostra le versioni conservate.',
    ],
  },
  'release-unknown': {
    en: [
      'The version[ {version}] is not offered.',
      '`om-launcher check` shows what is offered; check channel and pin in the configuration.',
    ],
    fr: [
      'La version[ {version}] n’est pas proposée.',
      '`om-launcher check` montre ce qui est proposé; vérifiez le canal et la version fixée dans la configuration.',
    ],
    de: [
      'Die Version[ {version}] wird nicht angeboten.',
      '`om-launcher check` zeigt, was angeboten wird; prüfen Sie Kanal und festgelegte Version in der Konfiguration.',
    ],
    it: [
      'La versione[ {version}] non è offerta.',
      '`om-launcher check` mostra che cosa è offerto; verificate canale e versione fissata nella configurazione.',
    ],
  },
  'archive-invalid': {
    en: [
      'The release’s content breaks the rules for archives.',
      'Do not install it; tell the publisher which version it is.',
    ],
    fr: [
      'Le contenu de la version enfreint les règles des archives.',
      'Ne l’installez pas; indiquez à l’éditeur de quelle version il s’agit.',
    ],
    de: [
      'Der Inhalt der Version verstösst gegen die Regeln für Archive.',
      'Installieren Sie sie nicht; melden Sie dem Herausgeber, um welche Version es geht.',
    ],
    it: [
      'Il contenuto della versione viola le regole per gli archivi.',
      'Non installatela; indicate all’editore di quale versione si tratta.',
    ],
  },
  'clock-wrong': {
    en: ['The clock of this machine cannot be right.', 'Set the clock or switch on time synchronisation, then repeat.'],
    fr: [
      'L’horloge de cette machine ne peut pas être juste.',
      'Réglez l’horloge ou activez la synchronisation de l’heure, puis recommencez.',
    ],
    de: [
      'Die Uhr dieses Rechners kann nicht stimmen.',
      'Stellen Sie die Uhr oder schalten Sie den Zeitabgleich ein und wiederholen Sie den Vorgang.',
    ],
    it: [
      'L’orologio di questa macchina non può essere giusto.',
      'Regolate l’orologio o attivate la sincronizzazione dell’ora, poi riprovate.',
    ],
  },
} as const satisfies Partial<FaultTexts>;
