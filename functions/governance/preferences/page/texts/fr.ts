import type { Texts } from "./texts.ts";

export const fr: Texts = {
  name: "Français",
  title: "Vos choix de confidentialité",
  lead: "C’est vous qui décidez de ce que nous pouvons faire des données vous concernant. Vous pouvez changer d’avis à tout moment, et dire non est aussi simple que dire oui.",
  skip: "Aller à vos choix",
  language: "Langue",
  purposes: {
    personalisation: {
      name: "Personnalisation",
      plain: "Nous vous montrons ce qui correspond à ce que vous avez vu ou acheté ici. Sinon, vous voyez ce que tout le monde voit.",
    },
    analytics: {
      name: "Mesure d’audience",
      plain: "Nous comptons la façon dont nos pages sont utilisées, pour les améliorer. Sinon, vos visites ne sont pas comptées.",
    },
    "email-marketing": {
      name: "Nouveautés et offres",
      plain: "Nous vous écrivons au sujet de produits, d’offres et d’événements. Sinon, nous n’écrivons qu’au sujet de vos commandes.",
    },
    advertising: {
      name: "Publicité",
      plain:
        "Nous partageons des données vous concernant avec d’autres, pour qu’ils vous montrent nos publicités ailleurs. Sinon, rien n’est partagé à cette fin.",
    },
  },
  states: { granted: "accepté", denied: "refusé", withdrawn: "retiré", expired: "expiré", none: "sans réponse" },
  on: "Activé",
  off: "Désactivé",
  allow: "Accepter",
  refuse: "Refuser",
  choiceOf: (purpose) => `Votre choix : ${purpose}`,
  save: (purpose) => `Enregistrer : ${purpose}`,
  saveAll: "Enregistrer tous les choix",
  all: {
    title: "Tout à la fois",
    plain: "Un clic suffit. Refuser retire aussi ce que vous aviez accepté.",
    allow: "Tout accepter",
    refuse: "Tout refuser",
    withdraw: "Tout retirer",
  },
  facts: {
    title: "La loi et les destinataires en détail",
    basis: "Base juridique",
    optIn: "Votre consentement : désactivé tant que vous n’acceptez pas.",
    optOut: "Activé tant que vous ne refusez pas. Vous avez le droit de refuser à tout moment.",
    ownPromise: "Nous demandons votre consentement, bien que la loi ne l’exige pas ici.",
    law: "La loi",
    recipients: "Qui reçoit des données",
    until: "Votre autorisation prend fin le",
    processor: "travaille pour nous, sur nos instructions",
    thirdParty: "décide lui-même de ce qu’il fait des données",
  },
  under: "Si vous acceptez : comment vous le souhaitez",
  unticked: { open: "Pas encore choisi : tout cela est possible.", none: "Rien de cela." },
  groups: {
    tier: { title: "En quelle quantité", options: { full: "Tout", essentials: "Seulement l’essentiel", none: "Rien pour le moment" } },
    channels: {
      title: "Comment nous pouvons vous joindre",
      options: { email: "E-mail", sms: "SMS", push: "Notification sur votre appareil", post: "Courrier postal" },
    },
    topics: { title: "À quel sujet", options: { news: "Nouveaux produits", offers: "Offres", events: "Événements" } },
    frequency: {
      title: "À quelle fréquence",
      options: { each: "Dès qu’il y a du nouveau", weekly: "Une fois par semaine au plus", monthly: "Une fois par mois au plus" },
    },
  },
  gpc: {
    honoured: "Demande d’opposition respectée",
    plain: (purposes) =>
      `Votre navigateur envoie le signal Global Privacy Control. Nous le traitons comme votre demande de ne pas vendre ni partager les données vous concernant. Dans ce navigateur, ceci est désactivé : ${purposes}.`,
    here: "Désactivé, car votre navigateur envoie le signal Global Privacy Control. Si vous acceptez malgré tout ici, votre choix l’emporte sur le signal, jusqu’à ce que vous refusiez ou retiriez.",
    allow: "Accepter malgré le signal",
    sent: "Votre navigateur envoie Global Privacy Control",
    despite: (purposes) => `Vous avez accepté malgré tout : ${purposes}. Vous pouvez le retirer à tout moment.`,
    overridden: "Vous avez accepté ceci bien que votre navigateur envoie le signal Global Privacy Control.",
    notice:
      "Si votre navigateur envoie le signal Global Privacy Control, ceci est désactivé. Vous pouvez accepter malgré tout : votre choix l’emporte alors sur le signal, jusqu’à ce que vous refusiez ou retiriez.",
  },
  confirm: {
    title: "Veuillez confirmer",
    plain: (purposes) =>
      `Jusqu’ici, la réponse à ceci est non : ${purposes}. Pour que ce ne soit pas accepté par erreur, nous le demandons une seconde fois : faut-il l’accepter à nouveau ?`,
    yes: "Oui, accepter à nouveau",
    no: "Non, laisser désactivé",
  },
  readOnly: {
    title: "Pour l’instant, vous pouvez seulement refuser et retirer ici",
    plain: "Ce service est en cours d’introduction. Ce que vous refusez ou retirez vaut aussitôt. Accepter sera possible plus tard.",
  },
  messages: {
    saved: (what) => `Enregistré. ${what}.`,
    applied: "Cela vaut dès maintenant.",
    pending: "C’est consigné. Nos pages suivront dans les 60 secondes.",
    nothing: "Il n’y avait rien à changer. Voici ce qui vaut.",
    stale: (what) =>
      `Vos choix ont été modifiés ailleurs depuis que vous avez ouvert cette page. Pas encore enregistré : ${what}. Regardez ce qui vaut maintenant, puis enregistrez à nouveau.`,
    staleNothingLost: "Ce que vous avez choisi est encore marqué ci-dessous.",
    readOnly: (what) => `Pas enregistré : ${what}. Pour l’instant, vous pouvez seulement refuser et retirer ici.`,
    confirm: (what) => `Pas encore accepté : ${what}. Veuillez le confirmer ci-dessous.`,
    foreign: "Rien n’a été modifié : cette requête ne venait pas de cette page. Veuillez faire votre choix ici.",
    signalled: (what) =>
      `Pas accepté : ${what}. Votre navigateur envoie le signal Global Privacy Control. Si vous le voulez malgré tout, choisissez-le ci-dessous.`,
    unreachable:
      "Aucune réponse n’est arrivée, rien n’a peut-être été enregistré. Ce que vous avez choisi est encore marqué. Veuillez réessayer.",
    elsewhere: "Vos choix viennent d’être modifiés dans une autre fenêtre. Ce que vous voyez ici n’est peut-être plus à jour.",
    trouble: {
      title: "Ce n’est pas possible pour l’instant",
      plain:
        "Le problème vient de chez nous. Si vous enregistriez un choix, il n’a peut-être pas été conservé : veuillez rouvrir cette page dans un instant et vérifier.",
    },
    noSubject: {
      title: "Nous ne connaissons pas ce navigateur",
      plain:
        "Aucun choix n’est conservé pour ce navigateur, ou votre visite a expiré. Rien de ce qui exige votre consentement n’a lieu. Pour choisir, commencez : c’est alors seulement qu’un cookie est déposé, avec un nombre aléatoire qui représente vos choix et rien d’autre.",
      begin: "Commencer",
    },
  },
  item: (purpose, state) => `${purpose} : ${state}`,
  unsaved: "Pas encore enregistré",
  history: {
    title: "Ce que vous avez décidé jusqu’ici",
    plain: "Chaque changement est conservé comme preuve de ce que vous avez dit. Vous pouvez télécharger le reçu.",
    none: "Vous n’avez encore rien décidé.",
    receipt: "Reçu",
    receiptOf: (what, when) => `Télécharger le reçu : ${what}, ${when}`,
    signal: "par le signal de votre navigateur",
    preferences: "comment vous le voulez",
    earlier: "Changements plus anciens",
    newest: "Changements les plus récents",
  },
  unsubscribe: {
    title: (purpose) => `Se désabonner : ${purpose}`,
    plain: "Un seul clic suffit. Il n’est pas nécessaire de s’identifier, et rien d’autre ne change.",
    button: "Se désabonner",
    done: {
      title: "Vous êtes désabonné",
      plain: (purpose) => `Ceci est désactivé dès maintenant : ${purpose}. Il n’y a rien d’autre à faire.`,
    },
    unknown: {
      title: "Ce lien n’est pas valable",
      plain: "Rien n’a été modifié. Veuillez ouvrir le lien entier du message, ou choisir sur la page de tous vos choix.",
    },
    choices: "Tous vos choix de confidentialité",
  },
  notice: {
    title: "Ce qui vous a été dit",
    shown: (id, version) => `Notice ${id}, version ${version}`,
    read: "La lire en texte brut",
  },
};
