import type { Texts } from "./texts.ts";

export const de: Texts = {
  name: "Deutsch",
  title: "Ihre Entscheidungen zum Datenschutz",
  lead: "Was wir mit Daten über Sie tun dürfen, bestimmen Sie. Sie können es jederzeit ändern, und Nein ist so leicht wie Ja.",
  skip: "Zu Ihren Entscheidungen springen",
  language: "Sprache",
  purposes: {
    personalisation: {
      name: "Personalisierung",
      plain: "Wir zeigen Ihnen, was zu dem passt, das Sie hier angesehen oder gekauft haben. Ohne sie sehen Sie, was alle sehen.",
    },
    analytics: {
      name: "Statistik",
      plain: "Wir zählen, wie unsere Seiten genutzt werden, um sie zu verbessern. Ohne sie werden Ihre Besuche nicht gezählt.",
    },
    "email-marketing": {
      name: "Neuigkeiten und Angebote",
      plain: "Wir schreiben Ihnen über Produkte, Angebote und Veranstaltungen. Sonst schreiben wir nur zu Ihren Bestellungen.",
    },
    advertising: {
      name: "Werbung",
      plain:
        "Wir geben Daten über Sie an andere weiter, damit diese Ihnen anderswo unsere Werbung zeigen. Sonst wird dafür nichts weitergegeben.",
    },
  },
  states: { granted: "erlaubt", denied: "abgelehnt", withdrawn: "widerrufen", expired: "abgelaufen", none: "nicht beantwortet" },
  on: "An",
  off: "Aus",
  allow: "Erlauben",
  refuse: "Ablehnen",
  choiceOf: (purpose) => `Ihre Wahl: ${purpose}`,
  save: (purpose) => `Speichern: ${purpose}`,
  saveAll: "Alle Entscheidungen speichern",
  all: {
    title: "Alles auf einmal",
    plain: "Ein Klick genügt. Ablehnen widerruft auch, was Sie früher erlaubt haben.",
    allow: "Alles erlauben",
    refuse: "Alles ablehnen",
    withdraw: "Alles widerrufen",
  },
  facts: {
    title: "Gesetz und Empfänger im Einzelnen",
    basis: "Rechtsgrundlage",
    optIn: "Ihre Einwilligung: aus, bis Sie es erlauben.",
    optOut: "An, bis Sie ablehnen. Sie haben das Recht, jederzeit abzulehnen.",
    ownPromise: "Wir bitten um Ihre Einwilligung, obwohl das Recht hier sie nicht verlangt.",
    law: "Das Gesetz",
    recipients: "Wer Daten erhält",
    until: "Ihre Erlaubnis endet am",
    processor: "arbeitet für uns, auf unsere Weisung",
    thirdParty: "entscheidet selbst, was mit den Daten geschieht",
  },
  under: "Wenn Sie es erlauben: wie Sie es möchten",
  unticked: { open: "Noch nicht gewählt: Alles davon ist möglich.", none: "Nichts davon." },
  groups: {
    tier: { title: "Wie viel", options: { full: "Alles", essentials: "Nur das Wichtigste", none: "Zurzeit nichts" } },
    channels: {
      title: "Wie wir Sie erreichen dürfen",
      options: { email: "E-Mail", sms: "SMS", push: "Mitteilung auf Ihrem Gerät", post: "Brief" },
    },
    topics: { title: "Worüber", options: { news: "Neue Produkte", offers: "Angebote", events: "Veranstaltungen" } },
    frequency: {
      title: "Wie oft",
      options: { each: "Immer, wenn es etwas gibt", weekly: "Höchstens einmal in der Woche", monthly: "Höchstens einmal im Monat" },
    },
  },
  gpc: {
    honoured: "Ihr Widerspruch wird beachtet",
    plain: (purposes) =>
      `Ihr Browser sendet das Signal Global Privacy Control. Wir verstehen es als Ihre Aufforderung, Daten über Sie weder zu verkaufen noch weiterzugeben. In diesem Browser ist aus: ${purposes}.`,
    here: "Aus, weil Ihr Browser das Signal Global Privacy Control sendet. Wenn Sie es hier trotzdem erlauben, zählt Ihre Wahl mehr als das Signal, bis Sie ablehnen oder widerrufen.",
    allow: "Trotz des Signals erlauben",
    sent: "Ihr Browser sendet Global Privacy Control",
    despite: (purposes) => `Sie haben trotzdem erlaubt: ${purposes}. Sie können es jederzeit widerrufen.`,
    overridden: "Sie haben dies erlaubt, obwohl Ihr Browser das Signal Global Privacy Control sendet.",
    notice:
      "Sendet Ihr Browser das Signal Global Privacy Control, ist dies aus. Sie können es trotzdem erlauben: Dann zählt Ihre Wahl mehr als das Signal, bis Sie ablehnen oder widerrufen.",
  },
  confirm: {
    title: "Bitte bestätigen",
    plain: (purposes) =>
      `Bisher gilt hierfür ein Nein: ${purposes}. Damit es nicht aus Versehen erlaubt wird, fragen wir noch einmal: Soll es wieder erlaubt sein?`,
    yes: "Ja, wieder erlauben",
    no: "Nein, ausgeschaltet lassen",
  },
  readOnly: {
    title: "Zurzeit können Sie hier nur ablehnen und widerrufen",
    plain: "Dieser Dienst wird gerade eingeführt. Was Sie ablehnen oder widerrufen, gilt sofort. Erlauben können Sie später.",
  },
  messages: {
    saved: (what) => `Gespeichert. ${what}.`,
    applied: "Das gilt ab jetzt.",
    pending: "Es ist festgehalten. Unsere Seiten folgen innerhalb von 60 Sekunden.",
    nothing: "Es war nichts zu ändern. Unten steht, was gilt.",
    stale: (what) =>
      `Ihre Entscheidungen wurden anderswo geändert, seit Sie diese Seite geöffnet haben. Noch nicht gespeichert: ${what}. Sehen Sie nach, was jetzt gilt, und speichern Sie erneut.`,
    staleNothingLost: "Was Sie gewählt haben, ist unten noch markiert.",
    readOnly: (what) => `Nicht gespeichert: ${what}. Zurzeit können Sie hier nur ablehnen und widerrufen.`,
    confirm: (what) => `Noch nicht erlaubt: ${what}. Bitte bestätigen Sie es unten.`,
    foreign: "Es wurde nichts geändert: Diese Anfrage kam nicht von dieser Seite. Bitte treffen Sie Ihre Wahl hier.",
    signalled: (what) =>
      `Nicht erlaubt: ${what}. Ihr Browser sendet das Signal Global Privacy Control. Wenn Sie es trotzdem möchten, wählen Sie das unten.`,
    unreachable: "Es kam keine Antwort, vielleicht wurde nichts gespeichert. Ihre Wahl ist noch markiert. Bitte versuchen Sie es erneut.",
    elsewhere:
      "Ihre Entscheidungen wurden gerade in einem anderen Fenster geändert. Was Sie hier sehen, ist vielleicht nicht mehr aktuell.",
    trouble: {
      title: "Das geht gerade nicht",
      plain:
        "Der Fehler liegt bei uns. Wenn Sie gerade eine Wahl gespeichert haben, ist sie vielleicht nicht festgehalten: Bitte öffnen Sie diese Seite gleich noch einmal und sehen Sie nach.",
    },
    noSubject: {
      title: "Wir kennen diesen Browser nicht",
      plain:
        "Für diesen Browser ist keine Entscheidung gespeichert, oder Ihr Besuch ist abgelaufen. Nichts, wofür wir Ihre Einwilligung brauchen, geschieht. Um zu entscheiden, beginnen Sie: Erst dann wird ein Cookie mit einer Zufallszahl gesetzt, die für Ihre Entscheidungen steht und für nichts anderes.",
      begin: "Beginnen",
    },
  },
  item: (purpose, state) => `${purpose}: ${state}`,
  unsaved: "Noch nicht gespeichert",
  history: {
    title: "Was Sie bisher entschieden haben",
    plain: "Jede Änderung wird als Nachweis Ihrer Worte aufbewahrt. Den Beleg können Sie herunterladen.",
    none: "Sie haben noch nichts entschieden.",
    receipt: "Beleg",
    receiptOf: (what, when) => `Beleg herunterladen: ${what}, ${when}`,
    signal: "durch das Signal Ihres Browsers",
    preferences: "wie Sie es möchten",
    earlier: "Frühere Änderungen",
    newest: "Neueste Änderungen",
  },
  unsubscribe: {
    title: (purpose) => `Abbestellen: ${purpose}`,
    plain: "Ein Klick genügt. Sie müssen sich nicht anmelden, und sonst ändert sich nichts.",
    button: "Abbestellen",
    done: { title: "Sie haben abbestellt", plain: (purpose) => `Ab jetzt ist aus: ${purpose}. Mehr ist nicht zu tun.` },
    unknown: {
      title: "Dieser Link ist nicht gültig",
      plain:
        "Es wurde nichts geändert. Bitte öffnen Sie den ganzen Link aus dem Brief, oder wählen Sie auf der Seite mit allen Entscheidungen.",
    },
    choices: "Alle Ihre Entscheidungen zum Datenschutz",
  },
  notice: {
    title: "Was Ihnen mitgeteilt wurde",
    shown: (id, version) => `Hinweis ${id}, Version ${version}`,
    read: "Als einfachen Text lesen",
  },
};
