// What all pages of the viewer share. Texts of models and files become text nodes and nothing else.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

export function show(...nodes) {
  byId("content").replaceChildren(...nodes);
}

export function message(text, bad = false) {
  return el("p", { class: bad ? "message bad" : "message", role: bad ? "alert" : "status" }, text);
}

// The reply as an object; null where nothing has changed since `tag`. Errors carry the server's words.
export async function getJson(url, tag = null) {
  const reply = await fetch(url, { cache: "no-store", headers: tag ? { "if-none-match": tag } : {} });
  if (reply.status === 304) return null;
  const body = await words(reply);
  return { ...body, tag: reply.headers.get("etag") };
}

export async function postJson(url, value) {
  const reply = await fetch(url, {
    method: "POST", cache: "no-store", headers: { "content-type": "application/json" }, body: JSON.stringify(value),
  });
  return words(reply);
}

async function words(reply) {
  const text = await reply.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* a refusal is plain text */ }
  if (!reply.ok || body === null) throw new Error((body && body.error) || text || `the server said ${reply.status}`);
  return body;
}

// Calls `step` now and every `seconds` while the page is seen. A server that is gone is said once, and asked again.
export function repeat(step, seconds) {
  let lost = null;
  const once = async () => {
    if (document.hidden) return;
    try {
      await step();
      if (lost) { lost.remove(); lost = null; }
    } catch (error) {
      if (lost) return;
      lost = message(`No answer from evals view: ${error.message}`, true);
      document.querySelector("main").prepend(lost);
    }
  };
  const loop = async () => { await once(); setTimeout(loop, seconds * 1000); };
  document.addEventListener("visibilitychange", once);
  return loop();
}

export function table(caption, heads, rows, name = "") {
  const head = el("tr", {}, ...heads.map((one) => el("th", { scope: "col", class: one.num ? "num" : null }, one.text)));
  const body = rows.map((row) => el("tr", {}, ...row.map((cell, i) => (
    cell instanceof Node && cell.nodeName === "TD" ? cell : el("td", { class: heads[i].num ? "num" : null }, cell)))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: name }, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...body)));
}

export function debounced(call, ms = 120) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(call, ms); };
}

// The token is a cookie by now: it leaves the address, which people copy and screens show.
const address = new URL(location.href);
if (address.searchParams.has("token")) {
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}
