import type { Language } from "../../../../shared/languages.ts";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { fr } from "./fr.ts";
import { ja } from "./ja.ts";
import type { Texts } from "./texts.ts";

export const texts: Readonly<Record<Language, Texts>> = { en, de, fr, ja, ar };
