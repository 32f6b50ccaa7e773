// Which language is spoken, and words out of plain files, one a language. A text with {something} in it becomes a function.
// What may not live here: any words, and what a page does with them.

export const LANGUAGES = { en: "English", es: "Español", fr: "Français", de: "Deutsch", ja: "日本語" };
const FROM_THE_RIGHT = ["ar", "dv", "fa", "he", "ps", "ur", "yi"];
const KEPT = "roomgate.lang";
const AGAIN = 1000;

const base = (tag) => tag.toLowerCase().split(/[-_]/)[0];
const asked = new URLSearchParams(location.search).get("lang") || localStorage.getItem(KEPT) || "";
const wished = asked ? [asked] : (navigator.languages ?? []);
// What is asked for stands, even without a file for it (its words are then English); of the browser's, the first we have.
export const LANG = wished.map(base).find((tag) => tag in LANGUAGES) ?? "en";
export const TAG = wished.find((one) => base(one) === LANG) ?? LANG; // en-GB: its way to write times and numbers
document.documentElement.lang = LANG;
document.documentElement.dir = asked && FROM_THE_RIGHT.includes(base(asked)) ? "rtl" : "ltr";

export function speak(lang) {
  localStorage.setItem(KEPT, lang);
  location.replace(location.pathname); // without ?lang=, which would go before what was chosen
}

async function load(set, lang) {
  for (;;) {
    try {
      const answer = await fetch(`/panel/static/${set}.${lang}.json`);
      if (answer.ok) return await answer.json();
    } catch {
      // the gateway has just gone: it comes back
    }
    await new Promise((wake) => setTimeout(wake, AGAIN));
  }
}

// The English words with those of the language over them, so that a missing one is English and never a gap.
function said(english, own) {
  if (typeof english === "object") {
    return Object.fromEntries(Object.entries(english).map(([key, held]) => [key, said(held, own?.[key])]));
  }
  const text = own || english;
  return english.includes("{") ? (told) => text.replace(/\{(\w+)\}/g, (_, name) => told?.[name] ?? told) : text;
}

// The files SET.LANGUAGE.json.
export async function spoken(set) {
  return said(...(await Promise.all([load(set, "en"), LANG === "en" ? {} : load(set, LANG)])));
}
