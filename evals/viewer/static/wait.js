// A record that takes seconds to read: says so, and opens its page when it is made.
import { el, getJson, message, show } from "./dom.js";

const ids = location.pathname.split("/").pop();
const begun = performance.now();
const seconds = el("span", {}, "0");
const timer = setInterval(() => { seconds.textContent = String(Math.round((performance.now() - begun) / 1000)); }, 1000);
show(el("p", { id: "waiting" }, "Every sample is read once, and the page is then kept. Seconds so far: ", seconds), el("progress", { "aria-label": "reading" }));
try {
  await getJson(`/api/page/${ids}`);
  location.reload();
} catch (error) {
  clearInterval(timer);
  show(message(error.message, true));
}
