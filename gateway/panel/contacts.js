// Whom this room can call: favourites and recent calls, and what is found as somebody types. One press calls.
// What may not live here: how names are found (the gateway does), calls that go on (the panel shows them).

import { h, icon, put, set } from "./dom.js";

const path = location.pathname.split("/")[2];
const base = `/api/v1/rooms/${path}`;
const token = localStorage.getItem(`roomgate.token.${decodeURIComponent(path)}`) ?? "";
const SAID_FOR = 8000;
const MOST = 40;
const lists = h("main", {});
const toasts = document.getElementById("toasts");
let asked = 0;

function say(words) {
  const toast = h("p", { class: "toast", onclick: () => toast.remove() }, words);
  setTimeout(() => toast.remove(), SAID_FOR);
  toasts.replaceChildren(toast);
}

// The answer's JSON; null where there is none, and then it has been said why.
async function ask(where, method = "GET", body = undefined) {
  const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
  try {
    const answer = await fetch(base + where, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    const told = await answer.json();
    if (answer.ok) return told;
    say([told.detail ?? told.words, told.advice].filter(Boolean).join(". "));
  } catch {
    say("The gateway is not there. Try again in a moment.");
  }
  return null;
}

async function call(button, { address, protocol }) {
  if (button.getAttribute("aria-busy")) return;
  set(button, "aria-busy", "true");
  const telephone = protocol === "phone";
  const how = telephone ? { kind: "audio" } : protocol === "sip" || protocol === "h323" ? { protocol } : {};
  const answer = await ask("/calls/dial", "POST", { address, ...how });
  set(button, "aria-busy", null);
  if (answer) location.href = `/panel/${path}`; // where calls are shown
}

async function star(button, name, { address, protocol = "" }) {
  const on = button.getAttribute("aria-pressed") !== "true";
  const known = ["sip", "h323", "phone"].includes(protocol) ? protocol : ""; // a codec's own word is not kept
  const told = await ask("/contacts/favourite", "PUT", { name, address, protocol: known, on });
  if (!told) return;
  set(button, "aria-pressed", String(on));
  search();
}

function row(name, at, favourite, more) {
  const dial = h("button", { type: "button", class: "control go", "aria-label": `Call ${name}: ${at.address}` }, icon("phone"));
  dial.addEventListener("click", () => call(dial, at));
  const look = { type: "button", class: "control round", "aria-label": `Favourite: ${name}`, "aria-pressed": String(favourite) };
  const mark = h("button", look, "★");
  mark.addEventListener("click", () => star(mark, name, at));
  const words = [at.address, at.label, more].filter(Boolean).join(" · ");
  const who = h("div", { class: "who" }, h("strong", {}, name), h("span", { class: "quiet" }, words));
  return h("div", { class: "call card", "data-address": at.address }, who, mark, dial);
}

function section(title, rows, none) {
  return h("section", { "aria-label": title }, h("h2", {}, title), ...(rows.length ? rows : [h("p", { class: "quiet" }, none)]));
}

async function search() {
  const mine = ++asked;
  const text = field.value.trim();
  const told = await ask(`/contacts?limit=${MOST}&q=${encodeURIComponent(text)}`);
  if (!told || mine !== asked) return; // somebody has typed on
  const people = told.contacts.flatMap(({ name, organisation, favourite, addresses }) =>
    addresses.slice(0, 4).map((at) => row(name, at, favourite, organisation)),
  );
  const starred = new Set(told.contacts.filter((one) => one.favourite).flatMap((one) => one.addresses.map((at) => at.address)));
  const recent = told.recent.map((one) => row(one.name ?? one.address, one, starred.has(one.address), one.outcome));
  lists.replaceChildren(
    text ? section("Found", people, "Nobody is found.") : section("Favourites", people, "A press on ★ makes somebody one."),
    section("Recent calls", recent, "None."),
  );
}

const field = h("input", {
  type: "search", class: "field", "aria-label": "Name or address", placeholder: "Name or address", maxlength: 256,
  autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: search,
});
const back = h("a", { class: "control round", href: `/panel/${path}`, "aria-label": "Back to the room" }, icon("close"));
const title = h("h1", {});
put(title, "Contacts");
document.getElementById("app").replaceChildren(h("header", {}, title, field, back), lists);
search();
