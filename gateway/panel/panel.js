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

const id = decodeURIComponent(location.pathname.split("/")[2]);
const KEPT = `roomgate.token.${id}`;
const SAID_FOR = 8000;
const [FOOT, MOTION] = ["foot", "motion"];
const PLACES = { display: "show", screen: MOTION, shade: MOTION, calls: "calls", volume: FOOT, mics: FOOT, camera: FOOT };
const [app, toasts, alarm] = ["app", "toasts", "alarm"].map((name) => document.getElementById(name));
const room = new Room(say, show);
let shape = "";
let views = [];
let meetings = null; // loaded where the room has a calendar

function say(words) {
  for (const toast of [...toasts.children]) if (toast.textContent === words || toasts.childElementCount > 2) toast.remove();
  const toast = h("p", { class: "toast", onclick: () => toast.remove() }, words);
  setTimeout(() => toast.remove(), SAID_FOR);
  toasts.append(toast);
}

// The page is built from what the parts take; it is built anew only when that changes, so that focus and fingers stay.
function show() {
  if (!room.state) return;
  if (room.state.meetings && !meetings) load();
  const { name, parts, sources, limits } = room.state;
  const looks = ([part, { kind, label, takes, choices, points }]) => [part, kind, label, takes, choices, Object.keys(points)];
  const built = Object.entries(parts).map(looks);
  const now = JSON.stringify([name, built, sources, limits]);
  if (now !== shape) {
    shape = now;
    build();
  }
  for (const view of views) view.show();
  gate(app, room);
}

async function load() {
  meetings = {};
  meetings = await import("./meetings.js");
  shape = "";
  show();
}

function build() {
  const columns = { today: [], show: [], motion: [], calls: [], more: [], foot: [] };
  const { name, parts, sources: shown } = room.state;
  document.title = name;
  const top = [head(room, details), banners(room)];
  if (room.state.meetings && meetings?.card) columns.today.push(meetings.card(room));
  if (Object.keys(shown).length) columns.show.push(sources(room));
  for (const [part, { kind }] of Object.entries(parts)) {
    const place = PLACES[kind] ?? "more";
    if (place === "calls") top.push(calls.incoming(room, part, alarm));
    if (place !== "foot") columns[place].push(place === "calls" ? calls.card(room, part) : make(room, part));
  }
  const section = (place, title) => {
    const elements = columns[place].map(({ element }) => element);
    return elements.length && h("section", { "aria-label": title }, h("h2", {}, title), ...elements);
  };
  const column = (...sections) => sections.some(Boolean) && h("div", { class: "column" }, ...sections);
  const more = section("more", TEXT.more);
  const left = columns.show.length * 4 <= columns.motion.length * 3; // where there is more room: its cards are taller
  const main = h(
    "main",
    {},
    column(section("today", meetings?.TEXT?.today), section("show", TEXT.sources), left && more),
    column(section("motion", TEXT.motion), !left && more),
    column(section("calls", TEXT.calls)),
  );
  if (!Object.keys(parts).length && !room.state.meetings) main.append(h("p", { class: "notice" }, TEXT.none));
  const bottom = foot(room);
  app.replaceChildren(...top.map(({ element }) => element), main, bottom.element);
  views = [...top, ...Object.values(columns).flat(), bottom];
}

// Everything about the equipment that is not for every day: who is away and why, warnings, and what else is known.
function details() {
  const row = ([name, device]) =>
    h(
      "li",
      { "data-device": name, "data-online": String(device.online) },
      h("strong", {}, deviceName(name)),
      h("small", {}, ` ${device.driver} · ${device.online ? TEXT.online : TEXT.offline} ${TEXT.since(device.since)}`),
      !device.online && h("p", {}, reasonOf(device), device.words && h("small", {}, ` (${device.words})`)),
      device.warning && h("p", { class: "warning" }, icon("warning"), h("span", {}, `${TEXT.warning}: ${device.warning}`)),
    );
  const hours = Object.keys(room.state.parts)
    .map((part) => [room.label(part), room.reading(part, "lamp_hours").value])
    .filter(([, told]) => told !== null)
    .map(([label, told]) => h("p", {}, `${label}: ${TEXT.lamp(told)}`));
  const close = { type: "button", class: "control round", "aria-label": TEXT.close, onclick: () => dialog.close() };
  const dialog = h(
    "dialog",
    { class: "drawer", "aria-label": TEXT.details, onclose: () => dialog.remove() },
    h("div", { class: "title" }, h("h2", {}, TEXT.devices), h("button", close, icon("close"))),
    h("ul", {}, ...Object.entries(room.state.devices).map(row)),
    hours.length && h("h3", {}, TEXT.else),
    ...hours,
    h("button", { type: "button", class: "control wide", onclick: forget }, TEXT.forget),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

// ---- the way in

function forget() {
  localStorage.removeItem(KEPT);
  location.reload();
}

const wellFormed = (token) => /^[\w.~-]{1,128}$/.test(token); // it travels as a WebSocket sub-protocol

function ask(problem) {
  const named = { "aria-label": TEXT.tokenLabel, placeholder: TEXT.tokenLabel };
  const field = h("input", { type: "password", class: "field", autocomplete: "off", ...named });
  const wrong = h("p", { class: "wrong", role: "alert" }, problem);
  const onsubmit = (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (wellFormed(token)) enter(token);
    else put(wrong, TEXT.tokenBad);
  };
  const open = h("button", { type: "submit", class: "control go" }, TEXT.tokenGo);
  const words = [h("h1", {}, TEXT.tokenTitle), h("p", { class: "quiet" }, TEXT.tokenHelp)];
  app.replaceChildren(h("form", { class: "card door", onsubmit }, ...words, field, wrong, open));
  field.focus();
}

function enter(token) {
  app.replaceChildren(h("p", { class: "notice" }, TEXT.connecting));
  shape = "";
  room.link = new Link(id, token, {
    greeting(message) {
      localStorage.setItem(KEPT, token);
      if (room.lostAt) say(TEXT.back);
      room.greeting(message);
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
