// Labels on the samples of a graded run, blind: one key a label, each written before the next sample is shown.
import { el, getJson, message, postJson, show } from "./dom.js";

const id = location.pathname.split("/").pop();
const FOLDED = "what the grader was asked";
const rater = el("input", { type: "text", id: "rater", maxlength: "100", autocomplete: "off" });
const note = el("input", { type: "text", id: "note", maxlength: "2000", autocomplete: "off" });
let state = null;
let busy = false;

function part([name, text]) {
  const body = el("pre", { tabindex: "0", class: "tall" }, text || "(nothing)");
  return name === FOLDED ? el("details", {}, el("summary", {}, name), body) : el("section", { "aria-label": name }, el("h2", {}, name), body);
}

function button(key, words, action, label = null) {
  return el("button", { type: "button", "data-action": action, onclick: () => give(action, label) }, el("kbd", {}, key), ` ${words}`);
}

function draw(found, said = "") {
  state = found;
  note.value = "";
  document.querySelector("h1").textContent = `Label ${found.eval}`;
  const choices = found.sample ? found.choices.map((choice, i) => button(i < 9 ? String(i + 1) : "-", choice, "label", choice)) : [];
  const others = [found.sample ? button("s", "skip", "skip") : null, found.can_undo ? button("u", "undo", "undo") : null].filter(Boolean);
  show(...[
    el("div", { class: "tools" }, el("label", {}, "who labels", rater), el("label", {}, "a note on this sample", note)),
    el("p", { role: "status", id: "done" }, `${found.n_done.toLocaleString("en")} of ${found.n.toLocaleString("en")} samples done, in ${found.file}`),
    el("progress", { max: found.n, value: found.n_done, "aria-label": "samples done" }), said ? message(said) : null,
    el("div", { class: "tools keys", role: "group", "aria-label": "labels" }, ...choices, ...others),
    ...(found.sample ? found.sample.parts.map(part) : [message(`All samples are done. How far the grader can be believed: evals grader RECORD --labels ${found.file}`)]),
  ].filter(Boolean));
}

async function give(action, label = null) {
  if (busy || !state || (!state.sample && action !== "undo")) return;
  busy = true;
  try {
    draw(await postJson(`/api/label/${id}`, { rater: rater.value, action, label, sample: state.sample && state.sample.id, note: note.value }));
  } catch (error) {
    await load(error.message);
  }
  busy = false;
}

async function load(said = "") {
  try {
    draw(await getJson(`/api/label/${id}?rater=${encodeURIComponent(rater.value)}`), said);
  } catch (error) {
    show(el("div", { class: "tools" }, el("label", {}, "who labels", rater)), message(error.message, true));
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || /INPUT|TEXTAREA/.test(document.activeElement.nodeName)) return;
  const choice = state && state.choices[Number(event.key) - 1];
  if (choice !== undefined) give("label", choice);
  else if (event.key === "s") give("skip");
  else if (event.key === "u") give("undo");
});
rater.addEventListener("change", () => load());

rater.value = (await getJson("/api/votes")).rater;
await load();
