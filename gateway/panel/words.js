// Everything the panel says, in one place, so that a translation is one more object like this one.
// What may not live here: deciding anything.

const hour = (s) => (s ? new Date(s * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "");

export const TEXT = {
  unknown: "—",
  hour,
  since: (seconds) => (seconds ? `since ${hour(seconds)}` : ""),
  status: {
    confirmed: "confirmed by the device",
    assumed: "assumed: this device cannot tell",
    stale: "the last that was known",
    unknown: "not known",
  },

  // the way in
  tokenTitle: "This panel needs its key",
  tokenHelp: "Enter the room's access token. Whoever looks after RoomGate makes one with “roomgate token create”.",
  tokenLabel: "Access token",
  tokenGo: "Open the panel",
  tokenBad: "That is not a token: it has characters that no token has.",
  connecting: "Connecting to the room…",

  // the gateway
  lost: (when) => `No connection to the room gateway since ${when}. Shown is what was known then; trying again…`,
  notConnected: "No connection to the room gateway. Nothing was sent.",
  lostMeanwhile: (what) => `${what}: the connection was lost before the answer came. Look before asking again.`,
  answersLost: "Some answers were missed; the room is read afresh.",
  back: "Connected again.",

  // the room
  power: "Room power",
  on: "On",
  off: "Off",
  powerState: { on: "On", off: "Off", warming: "Warming up…", cooling: "Cooling down…", standby: "Standby" },
  offTitle: (what) => `Turn ${what} off?`,
  offText: "Everything goes to its resting state, for everybody in the room.",
  offCall: "The call in progress may end.",
  offYes: "Turn off",
  cancel: "Cancel",
  close: "Close",
  sources: "Show",
  motion: "Screens and shades",
  more: "Room equipment",
  calls: "Calls",
  none: "This room has no equipment that a panel could show.",

  // controls
  percent: (value) => `${value} %`,
  volume: "Volume",
  louder: "Louder",
  quieter: "Quieter",
  sound: "Sound",
  mics: "Microphones",
  camera: "Camera",
  muted: { true: "Muted", false: "On" },
  hidden: { true: "Off", false: "On" },
  input: "Input",
  picture: "Picture",
  blank: { true: "Blank", false: "Shown" },
  up: { screen: "Up", shade: "Open" },
  down: { screen: "Down", shade: "Close" },
  stop: "Stop",
  position: "Position",
  resting: { screen: ["Up", "Down"], shade: ["Open", "Closed"] },
  partly: { screen: (percent) => `${percent} % down`, shade: (percent) => `${percent} % closed` },
  moving: { screen: { up: "going up", down: "going down" }, shade: { up: "opening", down: "closing" } },
  cycle: "Restart",
  cycleTitle: (what) => `Restart ${what}?`,
  cycleText: "Its power goes off and, after a pause, on again.",
  outletText: "Whatever is plugged in loses its power at once.",
  load: (amperes) => `${amperes} A`,
  relay: { true: "Closed", false: "Open" },
  relayClose: "Close",
  relayOpen: "Open",
  codec: "Video system",
  wake: "Wake",
  standby: "Standby",
  codecState: { on: "Awake", standby: "In standby", off: "Off", warming: "Waking up…", cooling: "Going to standby…" },
  lamp: (hours) => `${hours} h on the lamp`,

  // calls
  dial: "Number or address",
  contacts: "Contacts",
  call: "Call",
  incoming: "Incoming call",
  answer: "Answer",
  reject: "Reject",
  hangup: "End",
  hangupAll: "End all calls",
  noCall: "No call",
  keypad: "Keypad",
  tone: (key) => `Tone ${key}`,
  key: (key) => `Key ${key}`,
  callState: {
    dialling: "Dialling…", ringing: "Ringing…", connecting: "Connecting…", connected: "Connected", "on hold": "On hold",
    disconnecting: "Ending…", ended: "Ended", unknown: "In progress",
  },
  secure: { true: "encrypted", false: "not encrypted" },
  somebody: "Unknown caller",

  // what went wrong; a reason goes on from the device's name
  result: {
    refused: (words) => (words ? `refused: ${words}` : "the device refused"),
    unconfirmed: (words) => (words ? `not confirmed: ${words}` : "the device did not confirm it in time"),
    offline: (words) => (words ? `away: ${words}` : "the device is away"),
    problem: (words) => words,
  },
  reason: {
    unreachable: "cannot be reached. Is it powered, and plugged into the network?",
    "connection refused": "is there but takes no connection. Is its network control switched on?",
    "login refused": "does not accept our user name or password.",
    "certificate untrusted": "shows a certificate that is not trusted.",
    "no response": "does not answer.",
    "protocol error": "answers in a way that is not understood.",
    "link lost": "has lost its connection.",
    "driver error": "is away because of a fault in its driver.",
    disabled: "is switched off in the room's settings.",
  },
  trying: "RoomGate keeps trying.",
  starting: "is being connected…",
  affected: (labels) => `Affected: ${labels}`,

  // the drawer
  details: "Details",
  devices: "Equipment",
  online: "Online",
  offline: "Offline",
  warning: "Note",
  forget: "Forget this panel's token",
  else: "What else is known",
};

const { sound, mics, camera, calls, codec, power } = TEXT;
export const KIND = { volume: sound, mics, camera, calls, codec, room: power };
