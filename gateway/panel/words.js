// Everything the panel says, in the language of whoever looks at it: the words stand in words.*.json, one file a language.
// A text with {something} in it becomes a function. What may not live here: deciding anything, and any words.

export const LANGUAGES = { en: "English", es: "Español", fr: "Français", de: "Deutsch", ja: "日本語" };
const FROM_THE_RIGHT = ["ar", "dv", "fa", "he", "ps", "ur", "yi"];
const KEPT = "roomgate.lang";
const AGAIN = 1000;

const base = (tag) => tag.toLowerCase().split(/[-_]/)[0];
const asked = new URLSearchParams(location.search).get("lang") || localStorage.getItem(KEPT) || "";
const wished = asked ? [asked] : (navigator.languages ?? []);
// What is asked for stands, even without a file for it (its words are then English); of the browser's, the first we have.
export const LANG = wished.map(base).find((tag) => tag in LANGUAGES) ?? "en";
const tag = wished.find((one) => base(one) === LANG) ?? LANG; // en-GB: its way to write times and numbers
document.documentElement.lang = LANG;
document.documentElement.dir = asked && FROM_THE_RIGHT.includes(base(asked)) ? "rtl" : "ltr";

export function speak(lang) {
  localStorage.setItem(KEPT, lang);
  location.replace(location.pathname); // without ?lang=, which would go before what was chosen
}

async function load(lang) {
  for (;;) {
    try {
      const answer = await fetch(`/panel/static/words.${lang}.json`);
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

const [english, own] = await Promise.all([load("en"), LANG === "en" ? {} : load(LANG)]);
const words = said(english, own);
const time = new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" });
const hour = (s) => (s ? time.format(new Date(s * 1000)) : "");
const result = (kind) => (told) => (told ? words.result[kind](told) : words.bare[kind]);

export const TEXT = {
  ...words,
  unknown: "—",
  hour,
  since: (seconds) => (seconds ? words.since(hour(seconds)) : ""),
  result: { refused: result("refused"), unconfirmed: result("unconfirmed"), offline: result("offline"), problem: (told) => told },
};

const { sound, mics, camera, calls, codec, power, share, picture } = TEXT;
export const KIND = { volume: sound, mics, camera, calls, codec, share, picture, room: power };
