// Calling for help, in a few words or one's own.
// What may not live here: who hears it.

import { action, dialog } from "./controls.js";
import { h, icon } from "./dom.js";
import { good } from "./room.js";
import { TEXT } from "./words.js";

export function helpButton(room) {
  const opens = { type: "button", class: "control round", onclick: () => ask(room), "aria-label": TEXT.helpTitle };
  return h("button", opens, icon("help"));
}

function ask(room) {
  const then = (answer) => {
    if (!good(answer)) return;
    room.say(TEXT.helpSent);
    shown.close();
  };
  const what = () => TEXT.help;
  const plain = (text) => action(room, "room", "help", { label: text, fields: { text }, what, then });
  const named = { "aria-label": TEXT.helpOwn, placeholder: TEXT.helpOwn };
  const field = h("input", { class: "field", maxlength: 500, autocomplete: "off", ...named });
  const fields = () => (field.value.trim() ? { text: field.value.trim() } : field.focus());
  const send = action(room, "room", "help", { label: TEXT.helpSend, look: "go", fields, what, then });
  field.addEventListener("keydown", (event) => event.key === "Enter" && send.click());
  const buttons = h("div", { class: "choices" }, ...Object.values(TEXT.helpWords).map(plain));
  const shown = dialog("ask", TEXT.helpTitle, h("p", {}, TEXT.helpText), buttons, h("div", { class: "row" }, field, send));
}
