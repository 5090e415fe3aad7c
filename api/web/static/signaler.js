// Signalling a patient: what is typed is kept now and then, and communes are completed while one types. Without
// it, a button keeps the draft, the list of nearby communes completes, and the page understands a postcode.
"use strict";
const signal = document.getElementById("signalement");
const saved = signal.querySelector("[data-saved]");

// ---- the draft, three seconds after the last change, one request at a time
let pause = 0;
let saving = false;
let again = false;
let sent = false;
async function save() {
  if (saving) return void (again = true);
  saving = true;
  try {
    const answer = await fetch(signal.dataset.draft, {
      method: "POST",
      body: new URLSearchParams(new FormData(signal)),
      headers: { Accept: "text/plain" },
      credentials: "same-origin",
      redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    signal.brouillon.value = await answer.text();
    saved.textContent = "Brouillon enregistré, gardé sept jours.";
  } catch {
    saved.textContent = "Brouillon non enregistré : la connexion manque. Vous pouvez continuer.";
  }
  saving = false;
  if (again && !sent) {
    again = false;
    save();
  }
}
signal.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => sent || save(), 3000);
});
signal.addEventListener("submit", () => {
  sent = true;
  clearTimeout(pause);
});

// ---- communes anywhere in France, the nearby ones being listed already
const commune = signal.querySelector("[data-commune]");
const list = document.getElementById("communes");
const nearby = list.innerHTML;
let asking = null;
commune.addEventListener("input", async () => {
  const typed = commune.value.trim();
  asking?.abort();
  if (typed.length < 2) return void (list.innerHTML = nearby);
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(`/api/v1/communes?limit=8&q=${encodeURIComponent(typed)}`, {
      credentials: "same-origin",
      signal: mine.signal,
    });
    if (!answer.ok) return;
    const options = (await answer.json()).map((one) => {
      const option = document.createElement("option");
      option.value = `${one.name} (${one.postcodes[0]})`;
      return option;
    });
    list.innerHTML = nearby;
    list.prepend(...options);
  } catch {
    // a bad line, or an older question: the nearby communes stay
  }
});
if (isEdited(signal)) commune.dispatchEvent(new Event("input", { bubbles: true }));
