// On every page: a form is sent once, and says that it is being sent; a page that waits for a result looks
// again by itself. Everything works without it.
"use strict";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
});
// Whether anything was typed before the scripts had come: on a slow line the page is there seconds earlier.
function isEdited(form) {
  return [...form.elements].some(
    (field) => field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked,
  );
}
// Coming back with the browser's arrow shows the page as it was left: make its forms usable again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll('form[aria-busy="true"]')) form.removeAttribute("aria-busy");
});
// A part that waits for a result is fetched again now and then, alone, so that nobody loses their place on the
// page; once it waits no more the whole page has changed and is loaded.
async function look(part) {
  const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!answer.ok || !fresh?.dataset.lookAgain) return location.reload();
  // only what changed is written, or a screen reader would say it all again; forms in use stay as they are
  for (const place of fresh.querySelectorAll("[data-live]")) {
    const here = part.querySelector(`[data-live="${place.dataset.live}"]`);
    if (here && here.textContent !== place.textContent) here.textContent = place.textContent;
  }
  for (const bar of fresh.querySelectorAll("progress[data-live-value]")) {
    const here = part.querySelector(`progress[data-live-value="${bar.dataset.liveValue}"]`);
    if (here) here.value = bar.value;
  }
  wait(part);
}
function wait(part) {
  setTimeout(() => look(part).catch(() => wait(part)), 1000 * Number(part.dataset.lookAgain));
}
for (const part of document.querySelectorAll("[data-look-again]")) wait(part);
// A link marked data-part opens a part of another page below itself: that page works alone without this script.
document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-part]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.getAttribute("aria-busy") === "true") return;
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href, { credentials: "same-origin", redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById(link.dataset.part);
    if (!answer.ok || !part) return location.assign(link.href);
    const place = document.getElementById(link.dataset.into);
    place.replaceChildren(...part.childNodes);
    place.hidden = false;
    place.focus();
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
});
// What is left of a hold, second by second; at its end the page is asked for again and says what is true.
for (const held of document.querySelectorAll("[data-countdown-to]")) {
  const until = Date.parse(held.dataset.countdownTo);
  const told = held.querySelector("[data-countdown]");
  const tick = setInterval(() => {
    const left = Math.max(0, Math.floor((until - Date.now()) / 1000));
    const seconds = String(left % 60).padStart(2, "0");
    told.textContent = left < 60 ? `${left}\u202fs` : `${Math.floor(left / 60)}\u202fmin ${seconds}\u202fs`;
    if (left === 0) {
      clearInterval(tick);
      setTimeout(() => location.replace(held.dataset.then || location.pathname), 1000);
    }
  }, 1000);
}
// A row of links that scrolls on a phone begins where one is.
for (const link of document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")) {
  const row = link.closest("ul");
  row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
}
