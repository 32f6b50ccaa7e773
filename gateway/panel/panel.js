// The touch panel of one room: gets in with a token, keeps the link, lays the parts out, redraws what changed.
// What may not live here: how a part looks (parts.js), what a control does (controls.js).

import { banners, foot, head } from "./bars.js";
import * as calls from "./calls.js";
import { gate } from "./controls.js";
import { h, icon, put } from "./dom.js";
import { Link } from "./link.js";
import { make, sources } from "./parts.js";
import { deviceName, reasonOf, Room } from "./room.js";
import { TEXT } from "./words.js";

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const KEPT = `roomgate.token.${id}`;
const SAID_FOR = 8000;
const PLACES = { display: "show", screen: "motion", shade: "motion", calls: "calls", volume: "", mics: "", camera: "" };
const app = document.getElementById("app");
const toasts = document.getElementById("toasts");
const alarm = document.getElementById("alarm");

function say(words) {
  for (const toast of [...toasts.children]) if (toast.textContent === words || toasts.childElementCount > 2) toast.remove();
  const toast = h("p", { class: "toast" }, words);
  toast.addEventListener("click", () => toast.remove());
  setTimeout(() => toast.remove(), SAID_FOR);
  toasts.append(toast);
}

const room = new Room(say, show);
let shape = "";
let views = [];

// The page is built from what the parts take; it is built anew only when that changes, so that focus and fingers stay.
function show() {
  if (!room.state) return;
  const parts = Object.entries(room.state.parts).map(([part, { kind, label, takes, choices }]) => [part, kind, label, takes, choices]);
  const now = JSON.stringify([room.state.name, parts, room.state.sources, room.state.limits]);
  if (now !== shape) {
    shape = now;
    build();
  }
  for (const view of views) view.show();
  gate(app, room);
}

function build() {
  document.title = room.state.name;
  const columns = { show: [], motion: [], calls: [], more: [] };
  views = [head(room, details), banners(room)];
  if (Object.keys(room.state.sources).length) columns.show.push(sources(room));
  for (const [part, { kind }] of Object.entries(room.state.parts)) {
    const place = PLACES[kind] ?? "more";
    if (place === "calls") {
      views.push(calls.incoming(room, part, alarm));
      columns.calls.push(calls.card(room, part));
    } else if (place) {
      columns[place].push(make(room, part));
    }
  }
  const section = (name, title) =>
    columns[name].length
      ? h("section", { class: `part-${name}`, "aria-label": title }, h("h2", {}, title), ...columns[name].map((view) => view.element))
      : null;
  const column = (...sections) => (sections.some(Boolean) ? h("div", { class: "column" }, ...sections) : null);
  const main = h(
    "main",
    {},
    column(section("show", TEXT.sources)),
    column(section("motion", TEXT.motion), section("more", TEXT.more)),
    column(section("calls", TEXT.calls)),
  );
  const bottom = foot(room);
  if (!main.childElementCount && bottom.empty) main.append(h("p", { class: "notice" }, TEXT.none));
  app.replaceChildren(...views.map((view) => view.element), main, ...(bottom.empty ? [] : [bottom.element]));
  views = [...views, ...Object.values(columns).flat(), bottom];
}

// Everything about the equipment that is not for every day: who is away and why, warnings, and what else is known.
function details() {
  const rows = Object.entries(room.state.devices).map(([name, device]) =>
    h(
      "li",
      { "data-device": name, "data-online": device.online ? "" : null },
      h("strong", {}, deviceName(name)),
      h("span", { class: "quiet" }, ` ${device.driver} · ${device.online ? TEXT.online : TEXT.offline} ${TEXT.since(device.since)}`),
      device.online ? "" : h("p", {}, reasonOf(device), device.words ? h("small", {}, ` (${device.words})`) : ""),
      device.warning ? h("p", { class: "warning" }, icon("warning"), h("span", {}, `${TEXT.warning}: ${device.warning}`)) : "",
    ),
  );
  const hours = Object.keys(room.state.parts)
    .map((part) => [room.label(part), room.reading(part, "lamp_hours").value])
    .filter(([, told]) => told !== null)
    .map(([label, told]) => h("li", {}, h("strong", {}, label), ` ${TEXT.lamp(told)}`));
  const dialog = h(
    "dialog",
    { class: "drawer", "aria-label": TEXT.details, onclose: () => dialog.remove() },
    h("div", { class: "title" }, h("h2", {}, TEXT.devices), close(() => dialog.close())),
    h("ul", {}, ...rows),
    hours.length ? h("h3", {}, TEXT.more_known) : "",
    hours.length ? h("ul", {}, ...hours) : "",
    h("button", { type: "button", class: "control", onclick: forget }, TEXT.forget),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function close(act) {
  return h("button", { type: "button", class: "control round", "aria-label": TEXT.close, onclick: act }, icon("close"));
}

// ---- the way in

function forget() {
  localStorage.removeItem(KEPT);
  location.reload();
}

function ask(problem = "") {
  const field = h("input", { type: "password", class: "field", autocomplete: "off", required: true, "aria-label": TEXT.tokenLabel, placeholder: TEXT.tokenLabel });
  const wrong = h("p", { class: "wrong", role: "alert" }, problem);
  const form = h(
    "form",
    { class: "card door" },
    h("h1", {}, TEXT.tokenTitle),
    h("p", { class: "quiet" }, TEXT.tokenHelp),
    field,
    wrong,
    h("button", { type: "submit", class: "control go" }, TEXT.tokenGo),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (wellFormed(token)) enter(token);
    else put(wrong, TEXT.tokenBad);
  });
  app.replaceChildren(form);
  field.focus();
}

const wellFormed = (token) => /^[\w.~-]{1,128}$/.test(token); // it travels as a WebSocket sub-protocol

function enter(token) {
  app.replaceChildren(h("p", { class: "notice" }, TEXT.connecting));
  shape = "";
  room.link = new Link(id, token, {
    greeting(message) {
      localStorage.setItem(KEPT, token);
      const again = room.lostAt;
      room.greeting(message);
      if (again) say(TEXT.back);
    },
    message: (message) => room.message(message),
    lost: () => room.lost(),
    refused(status, detail) {
      if (status === 401) localStorage.removeItem(KEPT);
      room.state = null;
      ask(detail);
    },
  });
  room.link.connect();
}

// A token in the fragment never reaches a server; it is kept, and taken out of the address bar and the history.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) history.replaceState(null, "", location.pathname + location.search);
const token = given ?? localStorage.getItem(KEPT);
if (token && wellFormed(token)) enter(token);
else ask(token ? TEXT.tokenBad : "");

setInterval(show, 1000); // the clock, and the calls' timers
