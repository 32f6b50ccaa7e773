// Everything the panel says, in the language of whoever looks at it: the words stand in words.*.json, one file a language.
// What may not live here: deciding anything, and any words.

import { spoken, TAG } from "./language.js";

const words = await spoken("words");
const time = new Intl.DateTimeFormat(TAG, { hour: "2-digit", minute: "2-digit" });
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
