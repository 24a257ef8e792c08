// Blind votes on pairs of answers: one key a vote, each written before the next pair is shown.
import { el, getJson, message, postJson, show } from "./dom.js";

const ids = location.pathname.split("/").pop();
const KEYS = { 1: "1", 2: "2", t: "tie", "=": "tie", b: "both_bad", s: "skip", u: "undo" };
const BUTTONS = [["1", "1", "answer 1 is better"], ["2", "2", "answer 2 is better"], ["t", "tie", "tie"], ["b", "both_bad", "both are bad"], ["s", "skip", "skip"], ["u", "undo", "undo"]];
const rater = el("input", { type: "text", id: "rater", maxlength: "100", autocomplete: "off" });
let state = null;
let begun = 0;
let busy = false;

function answer(number, text, note) {
  return el("section", { "aria-label": `answer ${number}` },
    el("h2", {}, `Answer ${number}`, note ? el("span", { class: "quiet small" }, ` (${note})`) : ""), el("pre", { tabindex: "0", class: "tall" }, text || "(nothing)"));
}

function draw(found, note = "") {
  state = found;
  begun = performance.now();
  const { question } = found;
  const count = el("p", { role: "status", id: "done" }, `${found.n_done.toLocaleString("en")} of ${found.n.toLocaleString("en")} pairs done`);
  const bar = el("progress", { max: found.n, value: found.n_done, "aria-label": "pairs done" });
  const keys = BUTTONS.filter(([, choice]) => question || choice === "undo").map(([key, choice, words]) => (
    el("button", { type: "button", "data-choice": choice, onclick: () => vote(choice) }, el("kbd", {}, key), ` ${words}`)));
  const top = [
    el("div", { class: "tools" }, el("label", {}, "who votes", rater)), count, bar, note ? message(note) : null,
    el("div", { class: "tools keys", role: "group", "aria-label": "votes" }, ...keys),
  ];
  if (!question) {
    show(...[...top, message("All pairs are done. The votes page shows what came of them."), el("a", { href: "/votes" }, "votes")].filter(Boolean));
    return;
  }
  show(...[...top,
    el("h2", {}, question.category ? `Prompt (${question.category})` : "Prompt"), el("pre", { tabindex: "0" }, question.prompt || "(nothing)"),
    el("div", { class: "answers" }, ...question.answers.map((text, i) => answer(i + 1, text, question.notes[i]))),
    found.left_out.length ? el("p", { class: "quiet small" }, `in no pair: ${found.left_out.join(", ")}`) : null].filter(Boolean));
}

async function vote(choice) {
  if (busy || !state || (!state.question && choice !== "undo")) return;
  busy = true;
  try {
    const { id = null, repeat = 0 } = state.question || {};
    const seconds = (performance.now() - begun) / 1000;
    draw(await postJson(`/api/vote/${ids}`, { rater: rater.value, choice, question: id, repeat, seconds }));
  } catch (error) {
    await load(error.message);
  }
  busy = false;
}

async function load(note = "") {
  try {
    draw(await getJson(`/api/vote/${ids}?rater=${encodeURIComponent(rater.value)}`), note);
  } catch (error) {
    show(el("div", { class: "tools" }, el("label", {}, "who votes", rater)), message(error.message, true));
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.activeElement === rater) return;
  const choice = KEYS[event.key];
  if (choice && !event.repeat) { event.preventDefault(); vote(choice); }
});
rater.addEventListener("change", () => load());

const about = await getJson("/api/votes");
rater.value = about.rater;
await load();
