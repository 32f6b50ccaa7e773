// Whom this room can call: favourites and recent calls, and what is found as somebody types. One press calls.
// What may not live here: how names are found (the gateway does), calls that go on (the panel shows them).

import { h, icon, put, set } from "./dom.js";
import { spoken } from "./language.js";

const TEXT = await spoken("contacts");
const path = location.pathname.split("/")[2];
const room = `/panel/${path}${location.search}`;
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
    if (answer.status === 401) return void lists.replaceChildren(h("p", { class: "notice", role: "alert" }, TEXT.token));
    say([told.detail ?? told.words, told.advice].filter(Boolean).join(". "));
  } catch {
    say(TEXT.away);
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
  if (answer) location.href = room; // where calls are shown
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
  const dial = h("button", { type: "button", class: "control go", "aria-label": TEXT.call({ name, address: at.address }) }, icon("phone"));
  dial.addEventListener("click", () => call(dial, at));
  const look = { type: "button", class: "control round star", "aria-label": TEXT.favourite(name), "aria-pressed": String(favourite) };
  const mark = h("button", look, "★");
  mark.addEventListener("click", () => star(mark, name, at));
  const words = [at.address, at.label, more].filter(Boolean).join(" · ");
  const who = h("div", { class: "who" }, h("strong", { dir: "auto" }, name), h("span", { class: "quiet", dir: "auto" }, words));
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
  const recent = told.recent.map((one) => row(one.name ?? one.address, one, starred.has(one.address), TEXT.outcome[one.outcome]));
  lists.replaceChildren(
    text ? section(TEXT.found, people, TEXT.foundNone) : section(TEXT.favourites, people, TEXT.favouritesNone),
    section(TEXT.recent, recent, TEXT.recentNone),
  );
}

const field = h("input", {
  type: "search", class: "field", "aria-label": TEXT.find, placeholder: TEXT.find, maxlength: 256,
  autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput: search,
});
const back = h("a", { class: "control round", href: room, "aria-label": TEXT.back }, icon("close"));
const title = h("h1", {});
put(title, TEXT.title);
document.title = TEXT.title;
document.getElementById("app").replaceChildren(h("header", {}, title, field, back), lists);
search();
