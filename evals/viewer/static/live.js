// One run while it runs: how far it is, the score so far, the latest answers.
import { el, getJson, message, repeat, show } from "./dom.js";

const id = location.pathname.split("/").pop();
let last = "";

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function sample(one) {
  const verdict = one.has_failed ? "failed, not scored" : one.score === null ? "no score" : `score ${one.score}`;
  return el("section", {}, el("h3", { class: "small" }, `${one.sample_id}: ${verdict}`), el("pre", { tabindex: "0" }, one.completion || "(nothing)"));
}

function draw(run) {
  document.querySelector("h1").textContent = `${run.eval} on ${run.model}`;
  const running = run.state === "running" && !run.is_final;
  const done = run.n_done.toLocaleString("en");
  const facts = [
    fact(run.metric || "score", el("span", { class: "big", id: "score" }, run.value_text)),
    fact("95 % interval", run.interval_text || "-"), fact("n", run.n.toLocaleString("en")),
    fact("done", run.n_planned ? `${done} of ${run.n_planned.toLocaleString("en")}` : done),
    fact("failed (not scored)", run.n_failed.toLocaleString("en")),
  ];
  const bar = run.n_planned ? el("progress", { max: run.n_planned, value: run.n_done, "aria-label": "samples done" }) : null;
  const note = running ? "Not final: the samples still to come may be harder or easier than these."
    : run.is_final ? "The run has ended." : "The run has stopped before its end.";
  show(...[
    el("p", { id: "note", role: "status" }, note, " ", running ? null : el("a", { href: `/run/${id}` }, "open its page")),
    bar, el("dl", { class: "facts" }, ...facts), el("h2", {}, "latest answers"), ...run.latest.map(sample),
  ].filter(Boolean));
  if (!run.latest.length) document.getElementById("content").append(message("No sample is done yet."));
}

repeat(async () => {
  const run = await getJson(`/api/live/${id}`);
  const text = JSON.stringify(run);
  if (text === last) return;
  last = text;
  draw(run);
}, 1);
