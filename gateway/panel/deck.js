// A surface in a browser: the pictures that hardware shows, pressed by finger, mouse or keyboard.
// What may not live here: what a key shows or does; the gateway draws the pictures and decides.

import { spoken } from "./language.js";

const TEXT = await spoken("deck");
const [, , roomId, surfaceId] = location.pathname.split("/").map(decodeURIComponent);
const KEPT = `roomgate.token.${roomId}`;
const base = `/api/v1/rooms/${encodeURIComponent(roomId)}/surfaces/${encodeURIComponent(surfaceId)}`;
const [grid, words, title] = ["keys", "words", "title"].map((id) => document.getElementById(id));
const size = Math.min(512, Math.round(144 * Math.max(1, window.devicePixelRatio || 1)));
const SLIDE_EVERY = 100;
const [FIRST_WAIT, LONGEST_WAIT, PING_EVERY, PATIENCE] = [300, 5000, 10000, 5000];
let token = "";
let socket = null;
let wait = FIRST_WAIT;
let pages = [];
let faces = {};
let shown = "";
let views = {};
let deaf = 0;
const held = new Map(); // pointer or keyboard -> the key it holds

function given() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    localStorage.setItem(KEPT, found);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found || localStorage.getItem(KEPT) || "";
}

function connect() {
  if (socket) return;
  const url = new URL(`${base}/ws`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const mine = (socket = new WebSocket(url, ["roomgate.v1", `bearer.${token}`]));
  mine.onmessage = (event) => heard(JSON.parse(event.data));
  mine.onclose = (event) => mine === socket && lost(event.code);
}

async function lost(code) {
  socket = null;
  clearTimeout(deaf);
  deaf = 0;
  held.clear();
  for (const view of Object.values(views)) view.button.classList.remove("down");
  grid.dataset.away = "";
  words.textContent = TEXT.away;
  if (code === 4401) return (words.textContent = TEXT.over);
  try {
    const answer = await fetch(base, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
    if ([401, 403, 404].includes(answer.status)) return (words.textContent = (await answer.json()).detail);
  } catch {
    // it is away: go on trying
  }
  setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
  wait = Math.min(LONGEST_WAIT, wait * 2);
}

function heard(message) {
  clearTimeout(deaf);
  deaf = 0;
  if (message.type === "surface") {
    wait = FIRST_WAIT;
    delete grid.dataset.away;
    words.textContent = "";
    ({ pages, faces, shown } = message);
    title.textContent = document.title = message.label;
    build();
  } else if (message.type === "faces") {
    Object.assign(faces, message.faces);
    for (const key of Object.keys(message.faces)) draw(key);
  } else if (message.type === "page") {
    shown = message.page;
    build();
  } else if (message.type === "problem") {
    words.textContent = message.detail;
  }
}

function say(press, edge, value) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ press, edge, value }));
}

// A line can die without a word: silence after a ping is the end, too.
setInterval(() => {
  if (!socket || socket.readyState !== WebSocket.OPEN || deaf) return;
  socket.send('{"type":"ping"}');
  deaf = setTimeout(() => {
    const dead = socket;
    dead.onmessage = dead.onclose = null;
    dead.close();
    lost(1006);
  }, PATIENCE);
}, PING_EVERY);

function build() {
  const page = pages.find((found) => found.page === shown) || { keys: [] };
  views = {};
  held.clear();
  grid.replaceChildren(...page.keys.map(make));
  for (const { key } of page.keys) draw(key);
}

function make({ key, kind }) {
  const button = document.createElement("button");
  const picture = document.createElement("canvas");
  picture.width = picture.height = size;
  button.append(picture);
  button.dataset.key = key;
  button.dataset.kind = kind;
  views[key] = { button, picture, tag: "", slid: 0 };
  button.onpointerdown = (event) => {
    if (event.button) return;
    button.setPointerCapture(event.pointerId);
    if (kind === "level") slide(key, event, true);
    else down(key, event.pointerId);
  };
  button.onpointermove = (event) => kind === "level" && event.buttons && slide(key, event, false);
  button.onpointerup = (event) => (kind === "level" ? slide(key, event, true) : up(event.pointerId));
  button.onpointercancel = button.onlostpointercapture = (event) => up(event.pointerId);
  button.oncontextmenu = (event) => event.preventDefault();
  button.onwheel = (event) => kind === "level" && say(key, "turn", event.deltaY < 0 ? 1 : -1);
  button.onkeydown = (event) => typed(event, key, kind);
  button.onkeyup = (event) => [" ", "Enter"].includes(event.key) && up("keyboard");
  button.onblur = () => up("keyboard");
  return button;
}

function down(key, by) {
  if (held.has(by)) return;
  held.set(by, key);
  views[key].button.classList.add("down");
  say(key, "down");
}

function up(by) {
  const key = held.get(by);
  if (key === undefined) return;
  held.delete(by);
  if (views[key]) views[key].button.classList.remove("down");
  say(key, "up");
}

function slide(key, event, last) {
  const view = views[key];
  if (!last && event.timeStamp - view.slid < SLIDE_EVERY) return;
  view.slid = event.timeStamp;
  const { left, width } = view.button.getBoundingClientRect();
  say(key, "set", Math.max(0, Math.min(100, Math.round((100 * (event.clientX - left)) / width))));
}

function typed(event, key, kind) {
  const buttons = [...grid.children];
  const place = buttons.indexOf(event.currentTarget);
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if ([" ", "Enter"].includes(event.key)) {
    event.preventDefault();
    if (!event.repeat && kind === "button") down(key, "keyboard");
  } else if (kind === "level" && ["+", "-"].includes(event.key)) {
    say(key, "turn", event.key === "+" ? 1 : -1);
  } else if (event.key in moves && buttons[place + moves[event.key]]) {
    event.preventDefault();
    buttons[place + moves[event.key]].focus();
  }
}

// The picture is the one that hardware gets, pixel for pixel; what it says is said to those who cannot see it, too.
async function draw(key) {
  const [view, face] = [views[key], faces[key]];
  if (!view || !face || view.tag === face.tag) return;
  view.tag = face.tag;
  const { button } = view;
  const state = TEXT.flag[face.flag];
  button.setAttribute("aria-label", [face.text.replace(/\n/g, ", ") || key, state].filter(Boolean).join(", "));
  if (button.dataset.kind === "button") button.setAttribute("aria-pressed", face.on);
  button.dataset.flag = face.flag;
  const answer = await fetch(`${base}/keys/${encodeURIComponent(key)}.png?size=${size}`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => null);
  if (!answer || !answer.ok) return (view.tag = "");
  const drawn = await createImageBitmap(await answer.blob());
  if (views[key] !== view || view.tag !== face.tag) return; // a newer one is on its way
  view.picture.getContext("2d").drawImage(drawn, 0, 0);
  view.picture.dataset.tag = face.tag;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") for (const by of [...held.keys()]) up(by);
  else if (!socket) connect();
});

token = given();
if (token) connect();
else words.textContent = TEXT.token;
