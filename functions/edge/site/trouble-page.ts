// What a person reads while preferences cannot be reached. It stands by itself: it asks for no file that might be out of reach as well.
import { directionOf, type Language } from "../../shared/languages.ts";

interface Words {
  readonly title: string;
  /** Said where the service does not answer: a choice that was being saved may not have been kept. */
  readonly unreachable: string;
  readonly tooMany: string;
  readonly again: string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    title: "This cannot be done right now",
    unreachable: "The trouble is on our side. If you were saving a choice, it may not have been kept: please look again in a moment.",
    tooMany: "Too many requests came from your connection. Nothing was changed. Please wait ten seconds.",
    again: "Open the page again",
  },
  de: {
    title: "Das geht gerade nicht",
    unreachable:
      "Der Fehler liegt bei uns. Wenn Sie gerade eine Wahl gespeichert haben, ist sie vielleicht nicht festgehalten: Bitte sehen Sie gleich noch einmal nach.",
    tooMany: "Von Ihrem Anschluss kamen zu viele Anfragen. Es wurde nichts geändert. Bitte warten Sie zehn Sekunden.",
    again: "Seite erneut öffnen",
  },
  fr: {
    title: "Ce n’est pas possible pour l’instant",
    unreachable:
      "Le problème vient de chez nous. Si vous enregistriez un choix, il n’a peut-être pas été conservé : veuillez vérifier dans un instant.",
    tooMany: "Trop de requêtes sont venues de votre connexion. Rien n’a été modifié. Veuillez attendre dix secondes.",
    again: "Rouvrir la page",
  },
  ja: {
    title: "現在ご利用いただけません",
    unreachable:
      "当社側の問題です。選択を保存しようとしていた場合は、保存されていない可能性があります。しばらくしてからもう一度ご確認ください。",
    tooMany: "お使いの接続からの要求が多すぎます。何も変更されていません。10 秒お待ちください。",
    again: "ページをもう一度開く",
  },
  ar: {
    title: "لا يمكن تنفيذ ذلك الآن",
    unreachable: "المشكلة من جانبنا. إذا كنت تحفظ خيارًا فربما لم يُسجَّل: يُرجى التحقق مرة أخرى بعد قليل.",
    tooMany: "وردت طلبات كثيرة من اتصالك. لم يتغير شيء. يُرجى الانتظار عشر ثوانٍ.",
    again: "افتح الصفحة مرة أخرى",
  },
};

/** @param limited whether the visitor was stopped, and not the service */
export function troublePage(language: Language, limited: boolean): string {
  const { title, unreachable, tooMany, again } = words[language];
  return `<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>:root { color-scheme: light dark } body { max-width: 40rem; margin: 3rem auto; padding: 0 1.25rem; font: 1.0625rem/1.55 ui-sans-serif, system-ui, sans-serif } a { color: inherit }</style>
</head>
<body><main><h1>${title}</h1><p>${limited ? tooMany : unreachable}</p><p><a href="?lang=${language}">${again}</a></p></main></body>
</html>
`;
}
