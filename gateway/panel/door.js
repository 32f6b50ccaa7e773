// The way in: a code to read off this screen, which an administrator lets into a room; or a token that is typed.
// What may not live here: what is done with the token (panel.js).

import { brand, h, put } from "./dom.js";
import { phones } from "./room.js";
import { TEXT } from "./words.js";

const EVERY = 2000;
const LATER = 5000; // after a refusal, or while the gateway is away
const PAIRING = "/api/v1/pairing";

export const wellFormed = (token) => /^[\w.~-]{1,128}$/.test(token); // it travels as a WebSocket sub-protocol

// `room`: of the address; `adopted(token, room)`: the room is "" for a token that was typed. Returns how to take the door away.
export function door(app, problem, adopted, room) {
  let secret = "";
  let timer = 0;
  let gone = false;
  const code = h("output", { class: "code", "aria-label": TEXT.pairCode });
  const admin = h("p", { class: "quiet" });
  const state = h("p", { class: "quiet", role: "status" }, TEXT.pairWait);
  const wrong = h("p", { class: "wrong", role: "alert" }, problem);

  const again = (wait) => (timer = setTimeout(turn, wait));
  async function turn() {
    try {
      const wait = await (secret ? collect() : begin());
      if (!gone) again(wait);
    } catch {
      put(state, TEXT.pairAway);
      if (!gone) again(EVERY);
    }
  }
  async function begin() {
    const answer = await fetch(PAIRING, { method: "POST", cache: "no-store" });
    const told = await answer.json();
    if (gone) return 0;
    if (!answer.ok) {
      put(state, told.detail);
      return Math.max(LATER, 1000 * Number(answer.headers.get("retry-after") ?? 0));
    }
    secret = told.secret;
    code.replaceChildren(h("span", {}, told.code.slice(0, 3)), h("span", {}, told.code.slice(3)));
    put(admin, TEXT.pairAdmin(told.code));
    put(state, TEXT.pairWait);
    return EVERY;
  }
  async function collect() {
    const answer = await fetch(PAIRING, { headers: { authorization: `Pairing ${secret}` }, cache: "no-store" });
    if (gone) return 0;
    if (answer.status === 404) {
      secret = ""; // it has run out, or the gateway has begun anew
      return 0;
    }
    const told = await answer.json();
    if (!answer.ok) return LATER;
    put(state, TEXT.pairWait);
    if (told.state === "adopted") finish(told.token, told.room);
    return EVERY;
  }
  function finish(token, room) {
    leave();
    adopted(token, room);
  }
  function leave() {
    gone = true;
    clearTimeout(timer);
  }

  const field = h("input", { type: "password", class: "field", autocomplete: "off", "aria-label": TEXT.tokenLabel, placeholder: TEXT.tokenLabel });
  const onsubmit = (event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (wellFormed(token)) finish(token, "");
    else put(wrong, TEXT.tokenBad);
  };
  const open = h("button", { type: "submit", class: "control go" }, TEXT.tokenGo);
  const own = h("details", {}, h("summary", {}, TEXT.pairOwn), h("form", { class: "row", onsubmit }, field, open));
  const words = [brand(), h("h1", {}, TEXT.pairTitle), wrong, h("p", {}, TEXT.pairHelp), code, state, admin, own];
  app.replaceChildren(h("main", { class: "card door" }, ...words));
  turn();
  const pin = h("a", { class: "quiet", href: phones(room) }, TEXT.phones);
  if (room) fetch(`/api/v1/rooms/${room}/phones`).then(async (answer) => (await answer.json()).pin && own.before(pin), () => 0);
  return leave;
}
