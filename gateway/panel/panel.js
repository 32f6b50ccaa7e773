// The touch panel of one room: gets in with a token, keeps the link, lays the parts out, redraws what changed.
// What may not live here: how a part looks (parts.js), what a control does (controls.js).

import { banners, foot, head } from "./bars.js";
import * as calls from "./calls.js";
import { anything, camera } from "./cameras.js";
import { dialog, gate } from "./controls.js";
import { h, icon, letGo, set } from "./dom.js";
import { door, wellFormed } from "./door.js";
import { LANG, LANGUAGES, speak } from "./language.js";
import { Link } from "./link.js";
import { make, scenes, sources } from "./parts.js";
import { people } from "./people.js";
import { deviceName, guest, phones, reasonOf, Room } from "./room.js";
import { picture, share, taking } from "./share.js";
import { Views } from "./views.js";
import { TEXT } from "./words.js";

const LAST = "roomgate.room"; // where this screen hangs, for /panel without a room
const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const KEPT = `roomgate.token.${id}`;
const SAID_FOR = 8000;
const PLACES = {
  display: "show", output: "show", screen: "motion", shade: "motion", calls: "calls", share: "calls", picture: "calls",
  camera: "cameras", ptz: "cameras", light: "lights", volume: "", mics: "", signal: "",
};
const MAKERS = { share, picture, camera, ptz: camera };
const [app, toasts, alarm] = ["app", "toasts", "alarm"].map((name) => document.getElementById(name));
const room = new Room(say, show);
const turner = new Views(() => show());
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
  const { name, parts, sources, limits, scenes } = room.state;
  const looks = ([part, { kind, label, takes, choices, points }]) => [part, kind, label, takes, choices, Object.keys(points)];
  const built = Object.entries(parts).map(looks);
  const now = JSON.stringify([name, built, Object.entries(sources).map(([source, { label }]) => [source, label]), limits, scenes, open()]);
  if (now !== shape) {
    shape = now;
    build();
  }
  set(app, "data-view", turner.shown);
  for (const view of views) view.show();
  gate(app, room);
}

// Not behind the administrator's PIN, or unlocked there (service.js).
const open = () => !room.state.locked || sessionStorage.getItem(`roomgate.open.${id}`) > Date.now();

async function load() {
  meetings = {};
  try {
    meetings = await import("./meetings.js");
  } catch {
    meetings = null; // the gateway has just gone: asked for again with the next greeting
    return;
  }
  shape = "";
  show();
}

function build() {
  letGo(); // a button that is taken away is not held any more
  const { name, parts, sources: shown, scenes: kept } = room.state;
  const columns = { today: [], sources: [], show: [], motion: [], calls: [], people: [], sharing: [], cameras: [], lights: [], more: [] };
  document.title = name;
  const top = [head(room, details), banners(room)];
  if (room.state.meetings && meetings?.card) columns.today.push(meetings.card(room));
  if (Object.keys(shown).length) columns.sources.push(sources(room));
  for (const [part, { kind, takes }] of Object.entries(parts)) {
    const place = PLACES[kind] ?? "more";
    if (kind === "calls") {
      top.push(calls.incoming(room, part, alarm), calls.strip(room, part, () => turner.open("calls")));
      columns.calls.push(calls.card(room, part));
      if (takes.includes("dial")) columns.people.push(people(room, part));
      if (takes.includes("auto-answer") || takes.includes("do-not-disturb")) columns.sharing.push(taking(room, part));
    } else if (place === "calls") {
      if (takes.length) columns.sharing.unshift(MAKERS[kind](room, part));
    } else if (place === "cameras") {
      if (anything(room, part)) columns.cameras.push(camera(room, part));
    } else if (place) columns[place].push(make(room, part));
  }
  const scened = Object.keys(kept ?? {}).length && scenes(room);
  const section = (title, ...made) => made.length && h("section", { "aria-label": title }, h("h2", {}, title), ...made.map(({ element }) => element));
  const column = (...sections) => sections.some(Boolean) && h("div", { class: "column" }, ...sections);
  const page = (view, ...held) => held.some(Boolean) && h("main", { "data-page": view, "aria-label": TEXT.view[view] }, ...held);
  const cards = (view) => columns[view].length && page(view, h("h2", {}, TEXT.view[view]), ...columns[view].map(({ element }) => element));
  const planned = columns.today.length > 0; // the day takes a column of its own
  const displays = () => section(TEXT.displays, ...columns.show);
  const motion = () => section(TEXT.motion, ...columns.motion);
  const scene = () => scened && section(TEXT.scenes, scened);
  const pages = {
    home: page(
      "home",
      column(section(TEXT.today, ...columns.today), planned && scene()),
      column(section(TEXT.sources, ...columns.sources), planned ? displays() : scene()),
      column(!planned && displays()),
      column(motion()),
    ),
    calls: page(
      "calls",
      column(section(TEXT.calls, ...columns.calls)),
      column(section(TEXT.directory, ...columns.people)),
      column(section(TEXT.meeting, ...columns.sharing)),
    ),
    cameras: cards("cameras"),
    lights: cards("lights"),
    more: open() && cards("more"),
  };
  const bottom = foot(room);
  const none = !Object.keys(parts).length && !room.state.meetings && h("main", {}, h("p", { class: "notice" }, TEXT.none));
  const turned = turner.build(pages);
  set(app, "data-rail", turned[0] && "there");
  app.replaceChildren(...[...top.map(({ element }) => element), ...turned, none, bottom.element].filter(Boolean));
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
  const option = ([lang, name]) => h("option", { value: lang, selected: lang === LANG }, name);
  const language = h("select", { class: "control", onchange: () => speak(language.value) }, ...Object.entries(LANGUAGES).map(option));
  dialog(
    "drawer",
    TEXT.devices,
    h("ul", {}, ...Object.entries(room.state.devices).map(row)),
    hours.length && h("h3", {}, TEXT.else),
    ...hours,
    h("label", { class: "row below" }, TEXT.langLabel, language),
    h("a", { class: "control wide", href: `/service/${encodeURIComponent(id)}${location.search}` }, TEXT.service),
  );
}

// ---- the way in

// In the room that an administrator said: its token is kept there, and this screen goes on to it.
function adopted(token, given) {
  const to = given || id;
  if (to === id && id) return enter(token);
  if (!to) return ask(TEXT.tokenRoom);
  localStorage.setItem(`roomgate.token.${to}`, token);
  localStorage.setItem(LAST, to);
  location.replace(`/panel/${encodeURIComponent(to)}${location.search}`);
}

function ask(problem) {
  shape = "";
  views = [];
  set(app, "data-rail", null);
  door(app, problem, adopted, id);
}

function enter(token) {
  app.replaceChildren(h("p", { class: "notice" }, TEXT.connecting));
  shape = "";
  room.link = new Link(id, token, {
    greeting(message) {
      localStorage.setItem(KEPT, token);
      localStorage.setItem(LAST, id);
      if (room.lostAt) say(TEXT.back);
      room.greeting(message);
    },
    message: (message) => room.message(message),
    lost() {
      letGo();
      room.lost();
    },
    refused(status, detail) {
      if (status === 401 && guest(token)) return location.replace(phones(id));
      if (status === 401) localStorage.removeItem(KEPT);
      room.state = null;
      for (const open of document.querySelectorAll("dialog")) open.close();
      ask(detail);
    },
  });
  room.link.connect();
}

// A token in the fragment never reaches a server; it is kept, and taken out of the address bar and the history.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) history.replaceState(null, "", location.pathname + location.search);
const token = given ?? localStorage.getItem(KEPT);
const last = localStorage.getItem(LAST);
if (!id && !given && last && localStorage.getItem(`roomgate.token.${last}`)) adopted(localStorage.getItem(`roomgate.token.${last}`), last);
else if (token && id && wellFormed(token)) enter(token);
else ask(token ? (id ? TEXT.tokenBad : TEXT.tokenRoom) : "");

setInterval(show, 1000); // the clock, and the calls' timers
