/** What users read, and the notes beside a running step. Unsaved records are lost when a session is closed: say "save now". */
export const NOTICE_MESSAGES = {
  'notice.update-soon': {
    en: 'Office Maker will be updated. Please save now and leave: you will be disconnected in {time}, and unsaved records will be lost.',
    fr: 'Office Maker va être mis à jour. Enregistrez et quittez maintenant: vous serez déconnecté dans {time} et les saisies non enregistrées seront perdues.',
    de: 'Office Maker wird aktualisiert. Bitte jetzt speichern und beenden: Sie werden in {time} abgemeldet, nicht gespeicherte Datensätze gehen verloren.',
    it: 'Office Maker sta per essere aggiornato. Salvate e uscite ora: sarete disconnessi tra {time} e i dati non salvati andranno persi.',
  },
  'notice.update-reminder': {
    en: 'Still {time}: save now and leave Office Maker. Unsaved records will be lost.',
    fr: 'Plus que {time}: enregistrez et quittez Office Maker. Les saisies non enregistrées seront perdues.',
    de: 'Noch {time}: jetzt speichern und Office Maker beenden. Nicht gespeicherte Datensätze gehen verloren.',
    it: 'Ancora {time}: salvate e uscite da Office Maker. I dati non salvati andranno persi.',
  },
  'notice.update-now': {
    en: 'Office Maker is being updated; you are disconnected now. You can return in a few minutes.',
    fr: 'Office Maker est en cours de mise à jour; vous êtes déconnecté. Vous pourrez revenir dans quelques minutes.',
    de: 'Office Maker wird aktualisiert; Sie werden jetzt abgemeldet. In wenigen Minuten können Sie zurückkehren.',
    it: 'Office Maker è in fase di aggiornamento; ora siete disconnessi. Potrete tornare tra pochi minuti.',
  },
  'notice.update-cancelled': {
    en: 'The update of Office Maker does not take place now. You can go on working.',
    fr: 'La mise à jour d’Office Maker n’a pas lieu maintenant. Vous pouvez continuer à travailler.',
    de: 'Die Aktualisierung von Office Maker findet jetzt nicht statt. Sie können weiterarbeiten.',
    it: 'L’aggiornamento di Office Maker per ora non ha luogo. Potete continuare a lavorare.',
  },
  'note.transfer': {
    en: '{share} of {total} · {rate}/s[ · {left} left]',
    fr: '{share} de {total} · {rate}/s[ · encore {left}]',
    de: '{share} von {total} · {rate}/s[ · noch {left}]',
    it: '{share} di {total} · {rate}/s[ · ancora {left}]',
  },
  'note.users': {
    en: '{users} connected · {left} left',
    fr: '{users} connectés · encore {left}',
    de: '{users} angemeldet · noch {left}',
    it: '{users} connessi · ancora {left}',
  },
  'note.users-unknown': {
    en: 'users unknown, taken to be present · {left} left',
    fr: 'utilisateurs inconnus, supposés présents · encore {left}',
    de: 'Benutzer unbekannt, als anwesend angenommen · noch {left}',
    it: 'utenti sconosciuti, ritenuti presenti · ancora {left}',
  },
  'note.watch': {
    en: '{passes} checks passed in a row · {left} left',
    fr: '{passes} contrôles réussis de suite · encore {left}',
    de: '{passes} Prüfungen in Folge bestanden · noch {left}',
    it: '{passes} controlli superati di seguito · ancora {left}',
  },
  'note.full-instead': {
    en: 'the short way failed, the whole release is fetched: {message}',
    fr: 'la voie courte a échoué, toute la version est téléchargée: {message}',
    de: 'der kurze Weg misslang, die ganze Version wird geholt: {message}',
    it: 'la via breve non è riuscita, si scarica tutta la versione: {message}',
  },
  'note.trying-again': {
    en: '{message} Next try at {time}',
    fr: '{message} Nouvel essai à {time}',
    de: '{message} Nächster Versuch um {time}',
    it: '{message} Nuovo tentativo alle {time}',
  },
  'note.scheduled': {
    en: 'begins at {time}',
    fr: 'commence à {time}',
    de: 'beginnt um {time}',
    it: 'comincia alle {time}',
  },
  'why.account': { en: 'account {account}', fr: 'compte {account}', de: 'Konto {account}', it: 'account {account}' },
} as const;
