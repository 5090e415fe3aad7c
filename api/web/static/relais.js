// The only script: a form is sent once, and says that it is being sent; a page that waits for a result looks
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
// Coming back with the browser's arrow shows the page as it was left: make its forms usable again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll('form[aria-busy="true"]')) form.removeAttribute("aria-busy");
});
for (const waiting of document.querySelectorAll("[data-reload-after]")) {
  setTimeout(() => location.reload(), 1000 * Number(waiting.dataset.reloadAfter));
}
