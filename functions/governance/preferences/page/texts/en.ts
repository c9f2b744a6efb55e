import type { Texts } from "./texts.ts";

export const en: Texts = {
  name: "English",
  title: "Your privacy choices",
  lead: "What we may do with data about you is for you to say. You can change your mind at any time, and no is as easy as yes.",
  skip: "Skip to your choices",
  language: "Language",
  purposes: {
    personalisation: {
      name: "Personalisation",
      plain: "We show you things that fit what you have looked at or bought here. Without it you see what everyone sees.",
    },
    analytics: {
      name: "Analytics",
      plain: "We count how our pages are used, to make them better. Without it your visits are not counted.",
    },
    "email-marketing": {
      name: "News and offers",
      plain: "We write to you about products, offers and events. Without it we write only about your orders.",
    },
    advertising: {
      name: "Advertising",
      plain:
        "We share data about you with others, so that they show you our advertisements elsewhere. Without it nothing is shared for this.",
    },
  },
  states: { granted: "allowed", denied: "refused", withdrawn: "withdrawn", expired: "expired", none: "not answered" },
  on: "On",
  off: "Off",
  allow: "Allow",
  refuse: "Refuse",
  choiceOf: (purpose) => `Your choice: ${purpose}`,
  save: (purpose) => `Save: ${purpose}`,
  saveAll: "Save all choices",
  all: {
    title: "Everything at once",
    plain: "One click is enough. Refusing also withdraws what you allowed before.",
    allow: "Allow everything",
    refuse: "Refuse everything",
    withdraw: "Withdraw everything",
  },
  facts: {
    title: "The law and the recipients in detail",
    basis: "Legal basis",
    optIn: "Your consent: off until you allow it.",
    optOut: "On until you refuse. You have the right to refuse at any time.",
    ownPromise: "We ask for your consent, although the law here does not demand it.",
    law: "The law",
    recipients: "Who receives data",
    until: "Your permission ends on",
    processor: "works for us, on our instructions",
    thirdParty: "decides itself what it does with the data",
  },
  under: "If you allow it, how you want it",
  unticked: { open: "Not chosen yet: any of these is possible.", none: "None of these." },
  groups: {
    tier: { title: "How much", options: { full: "Everything", essentials: "Only what matters most", none: "Nothing for now" } },
    channels: {
      title: "How we may reach you",
      options: { email: "E-mail", sms: "Text message", push: "Notification on your device", post: "Letter" },
    },
    topics: { title: "What about", options: { news: "New products", offers: "Offers", events: "Events" } },
    frequency: {
      title: "How often",
      options: { each: "Whenever there is something", weekly: "At most once a week", monthly: "At most once a month" },
    },
  },
  gpc: {
    honoured: "Opt-out request honoured",
    plain: (purposes) =>
      `Your browser sends the Global Privacy Control signal. We treat it as your request not to sell or share data about you. In this browser this is off: ${purposes}.`,
    here: "Off, because your browser sends the Global Privacy Control signal. If you allow it here all the same, your choice counts more than the signal, until you refuse or withdraw it.",
    allow: "Allow despite the signal",
    sent: "Your browser sends Global Privacy Control",
    despite: (purposes) => `You have allowed this all the same: ${purposes}. You can withdraw it at any time.`,
    overridden: "You have allowed this although your browser sends the Global Privacy Control signal.",
    notice:
      "If your browser sends the Global Privacy Control signal, this is off. You may allow it all the same: then your choice counts more than the signal, until you refuse or withdraw it.",
  },
  confirm: {
    title: "Please confirm",
    plain: (purposes) =>
      `So far the answer to this is no: ${purposes}. So that it is not allowed by mistake, we ask once more: shall it be allowed again?`,
    yes: "Yes, allow it again",
    no: "No, leave it off",
  },
  readOnly: {
    title: "For now you can only refuse and withdraw here",
    plain: "This service is being introduced. What you refuse or withdraw holds at once. Allowing will be possible later.",
  },
  messages: {
    saved: (what) => `Saved. ${what}.`,
    applied: "It holds from now on.",
    pending: "It is written down. Our pages follow within 60 seconds.",
    nothing: "Nothing had to be changed. Below is what holds.",
    stale: (what) =>
      `Your choices were changed elsewhere since you opened this page. Not saved yet: ${what}. Look at what holds now, then save again.`,
    staleNothingLost: "What you chose is still marked below.",
    readOnly: (what) => `Not saved: ${what}. For now you can only refuse and withdraw here.`,
    confirm: (what) => `Not allowed yet: ${what}. Please confirm it below.`,
    foreign: "Nothing was changed: this request did not come from this page. Please make your choice here.",
    signalled: (what) =>
      `Not allowed: ${what}. Your browser sends the Global Privacy Control signal. If you want it all the same, choose so below.`,
    unreachable: "No answer came, so this may not have been saved. What you chose is still marked. Please try again.",
    elsewhere: "Your choices were just changed in another window. What you see here may be out of date.",
    trouble: {
      title: "This cannot be done right now",
      plain:
        "The trouble is on our side. If you were saving a choice, it may not have been kept: please open this page again in a moment and look.",
    },
    noSubject: {
      title: "We do not know this browser",
      plain:
        "No choice of yours is kept for this browser, or your visit has ended. Nothing that needs your consent happens. To choose, begin: only then a cookie with a random number is set, which stands for your choices and for nothing else.",
      begin: "Begin",
    },
  },
  item: (purpose, state) => `${purpose}: ${state}`,
  unsaved: "Not saved yet",
  history: {
    title: "What you decided so far",
    plain: "Every change is kept as proof of what you said. The receipt is yours to download.",
    none: "You have not decided anything yet.",
    receipt: "Receipt",
    receiptOf: (what, when) => `Download the receipt: ${what}, ${when}`,
    signal: "by the signal of your browser",
    preferences: "how you want it",
    earlier: "Earlier changes",
    newest: "Newest changes",
  },
  unsubscribe: {
    title: (purpose) => `Unsubscribe: ${purpose}`,
    plain: "One click is enough. You need not sign in, and nothing else changes.",
    button: "Unsubscribe",
    done: { title: "You are unsubscribed", plain: (purpose) => `This is off from now on: ${purpose}. There is nothing more to do.` },
    unknown: {
      title: "This link is not valid",
      plain: "Nothing was changed. Please open the whole link of the letter, or choose on the page with all your choices.",
    },
    choices: "All your privacy choices",
  },
  notice: {
    title: "What you were told",
    shown: (id, version) => `Notice ${id}, version ${version}`,
    read: "Read it as plain text",
  },
};
