// Keeps the WebSocket to the gateway: connects, notices a dead line, comes back by itself, knows what it missed.
// What may not live here: what the messages mean to the room, anything on the page.

const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;
const PING_EVERY = 10000;
const PING_PATIENCE = 5000;

export class Link {
  // `told`: {greeting(message), message(message), lost(), refused(status, detail)}
  constructor(room, token, told) {
    this.room = `${location.origin}/api/v1/rooms/${encodeURIComponent(room)}`;
    this.token = token;
    this.told = told;
    this.open = false;
    this.greetings = 0; // how often it came to be
    this.epoch = "";
    this.seq = 0;
    this.wait = FIRST_WAIT;
    this.stopped = false;
    this.hurry = () => {
      if (document.visibilityState === "visible") this.open ? this.ping() : this.connect();
    };
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
  }

  connect() {
    clearTimeout(this.retry);
    if (this.stopped || (this.socket && this.socket.readyState <= WebSocket.OPEN)) return;
    const query = this.epoch ? `?since=${this.seq}&epoch=${encodeURIComponent(this.epoch)}` : "";
    const socket = new WebSocket(`${this.room.replace(/^http/, "ws")}/ws${query}`, ["roomgate.v1", `bearer.${this.token}`]);
    this.socket = socket;
    socket.onmessage = (event) => this.heard(JSON.parse(event.data));
    socket.onclose = (event) => this.closed(socket, event);
  }

  heard(message) {
    clearTimeout(this.deaf);
    this.deaf = 0;
    if (message.type === "state") {
      this.open = true;
      this.greetings += 1;
      this.wait = FIRST_WAIT;
      this.epoch = message.epoch;
      this.seq = message.seq;
      clearInterval(this.pings);
      this.pings = setInterval(() => this.ping(), PING_EVERY);
      this.told.greeting(message);
    } else if (message.type !== "pong") {
      if (message.type === "event") this.seq = message.seq;
      this.told.message(message);
    }
  }

  // A line can die without a word (a switch is unplugged): silence after a ping is the end, too.
  ping() {
    if (!this.open || this.deaf) return;
    this.send({ type: "ping" });
    this.deaf = setTimeout(() => this.drop(), PING_PATIENCE);
  }

  drop() {
    const socket = this.socket;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    this.closed(socket, { code: 1006 });
  }

  async closed(socket, event) {
    if (socket !== this.socket) return;
    this.socket = null;
    const was = this.open;
    this.open = false;
    clearInterval(this.pings);
    clearTimeout(this.deaf);
    this.deaf = 0;
    if (this.stopped) return;
    if (was) this.told.lost();
    if (event.code === 4401) return this.refuse(401, event.reason);
    // A browser hides why a WebSocket was denied, so the same door is asked over HTTP.
    if (!was) {
      try {
        const answer = await fetch(this.room, { headers: { authorization: `Bearer ${this.token}` }, cache: "no-store" });
        if ([401, 403, 404].includes(answer.status)) {
          return this.refuse(answer.status, (await answer.json()).detail);
        }
      } catch {
        // the gateway is away: go on trying
      }
    }
    if (this.stopped || this.socket) return;
    this.retry = setTimeout(() => this.connect(), this.wait * (0.8 + 0.4 * Math.random()));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  refuse(status, detail) {
    this.stop();
    this.told.refused(status, detail);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.retry);
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    if (this.socket) this.socket.close();
  }
}
