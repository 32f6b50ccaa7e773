// Asking the gateway as an administrator: the token is kept for this tab only, and travels in a header, never in a URL.
// What may not live here: elements of the page.

const KEPT = "roomgate.admin.token";
let token = sessionStorage.getItem(KEPT) ?? "";
let refused = () => {};

export const signedIn = () => Boolean(token);
export const onRefused = (act) => (refused = act);

export function use(given) {
  token = given;
  if (given) sessionStorage.setItem(KEPT, given);
  else sessionStorage.removeItem(KEPT);
}

export class Trouble extends Error {
  constructor(status, words) {
    super(words);
    this.status = status; // 0: the gateway is not there
  }
}

// The raw answer, or Trouble in words. 401 and 403 end the session: this page is for administrators alone.
export async function open(path, { method = "GET", body, headers = {}, signal } = {}) {
  const sent = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }), ...headers };
  let answer;
  try {
    answer = await fetch(`/api/v1/${path}`, { method, headers: sent, body: body && JSON.stringify(body), cache: "no-store", signal });
  } catch {
    throw new Trouble(0, "The gateway is not there.");
  }
  if (answer.ok || answer.status === 304) return answer;
  const { detail = `The gateway answered ${answer.status}.`, advice } = await answer.json().catch(() => ({}));
  const trouble = new Trouble(answer.status, [detail, advice].filter(Boolean).join(". "));
  if ([401, 403].includes(answer.status)) refused(trouble);
  throw trouble;
}

export const ask = async (path, options) => (await open(path, options)).json();

// An id as part of a path: `demo/codec` keeps its slash.
export const inPath = (id) => id.split("/").map(encodeURIComponent).join("/");
