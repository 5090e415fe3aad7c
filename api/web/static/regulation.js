// The search for slots, as one types and without a mouse. The page works without it: this only asks the server
// for the same results sooner, and moves the focus with the arrows.
"use strict";
const form = document.querySelector("form[data-search]");
const results = document.querySelector("[data-results]");
const told = document.querySelector("[data-found]");

// ---- who went down to a slot before the last answer came stays on that slot, or in the list when it is gone
const CONTROLS = "a, button, input, select";
function focusInResults() {
  const place = document.activeElement;
  if (!results.contains(place)) return null;
  const slot = place.closest("[data-slot]");
  return { slot: slot?.dataset.slot, control: slot ? [...slot.querySelectorAll(CONTROLS)].indexOf(place) : -1 };
}
function focusAgain({ slot, control }) {
  const same = [...results.querySelectorAll("[data-slot]")].find((line) => line.dataset.slot === slot);
  (same?.querySelectorAll(CONTROLS)[control] ?? results).focus();
}

// ---- results while typing: asked at once; while an answer is awaited, the newest question 100 ms after the last key
let waiting = 0;
let asking = null;
function asked() {
  const fields = [...new FormData(form)].filter(([, value]) => value);
  return new URLSearchParams(fields).toString();
}
let wanted = form && isEdited(form) ? "" : asked();
async function ask() {
  const search = asked();
  if (search === wanted || !form.ou.value.trim()) return;
  wanted = search;
  asking?.abort();
  const mine = (asking = new AbortController());
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.dataset.search}?${search}`, { credentials: "same-origin", signal: mine.signal });
    if (answer.redirected) return location.assign(`${form.action}?${search}`); // the session is over: sign in again
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = focusInResults();
    results.replaceChildren(...page.body.childNodes);
    if (focused) focusAgain(focused);
    history.replaceState(null, "", `${form.getAttribute("action")}?${search}`);
    told.textContent = results.querySelector("h2")?.textContent ?? "";
  } catch (trouble) {
    if (trouble.name === "AbortError") return;
    told.textContent = ""; // a bad line: what is shown stays, and the button still works
    wanted = "";
  }
  if (asking !== mine) return;
  asking = null;
  results.removeAttribute("aria-busy");
}
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, asking ? 100 : 0);
}
if (form && results) {
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  if (isEdited(form)) soon();
}

// ---- the arrows go from slot to slot, Escape back to "where"
const inSearch = (place) => form?.contains(place) && !["SELECT", "TEXTAREA"].includes(place.tagName);
const isChoosing = (place) => place.tagName === "INPUT" && place.type === "radio";
const isCompleting = (place) => place.name === "ou" && place.value !== "" && !results.querySelector("[data-slot]");
function go(step) {
  const firsts = [...results.querySelectorAll("[data-first]")];
  const here = firsts.findIndex((button) => button.closest("[data-slot]").contains(document.activeElement));
  const next = firsts[here < 0 ? 0 : here + step];
  if (next) next.focus();
  else if (here === 0 && step < 0) form.ou.focus();
  return Boolean(next);
}
document.addEventListener("keydown", (event) => {
  if (!form || event.altKey || event.ctrlKey || event.metaKey) return;
  const place = document.activeElement;
  if (event.key === "Escape") {
    form.ou.focus();
    form.ou.select();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    const fromSearch = inSearch(place) && step > 0 && !isChoosing(place) && !isCompleting(place);
    if ((fromSearch || results.contains(place)) && go(step)) event.preventDefault();
    else if (results.contains(place)) event.preventDefault();
  }
});
