// The sealed forecasts of the folder and what became of them.
import { el, getJson, message, show, table } from "./dom.js";

const HEADS = [{ text: "made" }, { text: "name" }, { text: "what" }, { text: "forecast", num: true }, { text: "interval", num: true }, { text: "outcome", num: true }, { text: "state" }, { text: "seal" }];

try {
  const found = await getJson("/api/forecasts");
  const rows = found.forecasts.map((one) => [
    one.when, one.name, one.what, one.prediction, one.interval, one.outcome,
    el("span", { class: `state-${one.state}` }, one.problem || one.state), el("code", { class: "small" }, one.seal)]);
  show(rows.length ? table(`${rows.length} forecasts in ${found.folder}`, HEADS, rows)
    : message(`No forecast in ${found.folder}. Make one: evals forecast make TABLE --target FLOPS --name NAME`));
} catch (error) {
  show(message(error.message, true));
}
