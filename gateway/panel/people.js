// Whom to call: favourites and recent calls, and what the directory finds for what is typed.
// What may not live here: the calls themselves (calls.js).

import { action, view } from "./controls.js";
import { h, icon, put } from "./dom.js";
import { TEXT } from "./words.js";

const PAUSE = 200; // ms after the last letter
const MOST = 30;
const DIALLED = ["sip", "h323", "spark"]; // protocols that `dial` knows; otherwise the codec decides

export function people(room, id) {
  const named = { "aria-label": TEXT.find, placeholder: TEXT.find };
  const field = h("input", { type: "search", class: "field", maxlength: 100, autocomplete: "off", spellcheck: "false", ...named });
  const lists = h("div", { class: "people", role: "region", "aria-label": TEXT.directory, tabindex: 0 });
  const count = h("p", { class: "sr", role: "status" });
  let asks = 0;
  let timer = 0;
  let known = "";

  function person({ name, small, address, protocol, glyph }) {
    const how = protocol === "phone" ? { kind: "audio" } : DIALLED.includes(protocol) ? { protocol } : {};
    const fields = { address, ...how };
    const look = { name: `${TEXT.call}: ${name}`, fields, glyph, look: "person", what: () => name };
    const button = action(room, id, "dial", look);
    button.append(h("span", { class: "who" }, h("strong", { dir: "auto" }, name), h("small", { dir: "auto" }, small)), icon("phone"));
    return h("li", {}, button);
  }
  function list(title, rows) {
    return rows.length && h("section", {}, h("h3", {}, title), h("ul", {}, ...rows.map(person)));
  }
  const found = ({ contacts: held }) =>
    held.flatMap(({ name, organisation, favourite, addresses }) =>
      addresses.map(({ address, protocol, label }) => ({
        name, address, protocol, glyph: favourite ? "star" : "people", small: [organisation, label, address].filter(Boolean).join(" · "),
      })),
    );
  const recent = ({ recent: held }) =>
    held.map(({ name, address, protocol, at, outcome }) => ({
      name: name || address, address, protocol: (protocol ?? "").toLowerCase(), glyph: "phone",
      small: [TEXT.hour(at), TEXT.callOutcome[outcome], name && address].filter(Boolean).join(" · "),
    }));

  async function read() {
    const mine = ++asks;
    const text = field.value.trim();
    let told = null;
    try {
      told = await room.read(`contacts?limit=${MOST}&q=${encodeURIComponent(text)}`);
    } catch {
      // said below
    }
    if (mine !== asks) return; // a newer question is on its way
    const contacts = told ? found(told) : [];
    const latest = told ? recent(told) : [];
    const none = !told ? TEXT.contactsAway : text ? TEXT.foundNone : TEXT.foundNothing;
    const shown = [list(text ? TEXT.found : TEXT.favourites, contacts), list(TEXT.recent, latest)].filter(Boolean);
    lists.replaceChildren(...(shown.length ? shown : [h("p", { class: "quiet" }, none)]));
    put(count, text ? `${TEXT.found}: ${contacts.length + latest.length}` : "");
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE);
  });
  // Read when it is first seen, when the link is back, and when a call has ended (it is then among the recent ones).
  const show = () => {
    if (!room.link?.open || !element.offsetParent) return;
    const calls = (room.reading(id, "calls").value ?? []).filter(({ state }) => state !== "ended").length;
    const now = `${room.link.greetings} ${calls}`;
    if (now === known) return;
    known = now;
    read();
  };
  const href = location.pathname.replace("panel", "contacts") + location.search; // where they are starred
  const all = h("a", { class: "control round", href, "aria-label": TEXT.contacts }, icon("star"));
  const element = h("article", { class: "card directory", "data-card": "contacts", "aria-label": TEXT.directory }, h("div", { class: "row" }, field, all), count, lists);
  return view(element, { show });
}
