/* Text from models and data sets becomes nodes of text, never markup; characters that steer are shown as escapes. */

const STEERING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;
const SHOWN = 8000; /* characters of a long text before "show all" */
const BLOCK = 20000; /* a line of some megabytes in one element takes a browser seconds to lay out */

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

function escapeOf(char) {
  const code = char.codePointAt(0);
  if (code < 256) return "\\x" + code.toString(16).padStart(2, "0");
  return code < 0x10000 ? "\\u" + code.toString(16).padStart(4, "0") : "\\U" + code.toString(16).padStart(8, "0");
}

function visible(text) {
  return text.replace(/\r\n/g, "\n").replace(STEERING, escapeOf);
}

/* The text in nodes: escapes stand in elements of their own, so that they can be told from the same letters. */
function textNodes(text) {
  const plain = text.replace(/\r\n/g, "\n");
  const found = [];
  let last = 0;
  for (const match of plain.matchAll(STEERING)) {
    if (match.index > last) found.push(document.createTextNode(plain.slice(last, match.index)));
    found.push(el("span", { class: "escape", title: "a character that is not shown as it is" }, escapeOf(match[0])));
    last = match.index + match[0].length;
  }
  if (last < plain.length) found.push(document.createTextNode(plain.slice(last)));
  return found;
}

function wholeText(text) {
  if (text.length <= BLOCK) return el("span", {}, textNodes(text));
  const blocks = [];
  for (let at = 0; at < text.length; at += BLOCK) {
    blocks.push(el("span", { class: "block" }, textNodes(text.slice(at, at + BLOCK))));
  }
  return el("span", {}, blocks);
}

/* A text as it is, in a frame; a long one is cut, with a button that shows all of it. */
function textBox(value, kind) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  if (text === "") return el("p", { class: "nothing" }, "(nothing)");
  const box = el("pre", { class: "text " + (kind || ""), dir: "auto" });
  if (text.length <= SHOWN) {
    box.append(...textNodes(text));
    return box;
  }
  box.append(...textNodes(text.slice(0, SHOWN)));
  const more = el("button", { class: "more", type: "button" }, `show all ${count(text.length)} characters`);
  more.addEventListener("click", () => {
    box.replaceChildren(wholeText(text));
    more.remove();
  });
  return el("div", {}, box, more);
}

function oneLine(value, length) {
  const text = typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);
  return visible(text.slice(0, length * 2).replace(/\s+/g, " ").trim()).slice(0, length);
}

function count(n) {
  return n.toLocaleString("en-US");
}

function plural(n, noun) {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

function shortNumber(value) {
  if (typeof value !== "number") return value === null || value === undefined ? "" : String(value);
  return Number.isInteger(value) ? count(value) : value.toPrecision(4).replace(/\.?0+$/, "");
}
