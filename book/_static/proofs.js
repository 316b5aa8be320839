// Proofs are folded while the page is parsed (companion.sphinx.proofs). Here: the switch for all of
// them, and opening what is folded where a link, the search or the printer leads.

const folds = [...document.querySelectorAll("details.proof-fold")];
const all = document.querySelector(".proofs-switch input");

all?.addEventListener("change", () => {
  for (const fold of folds) fold.open = all.checked;
  try {
    if (all.checked) localStorage.proofs = "open";
    else delete localStorage.proofs;
  } catch { /* not remembered: this reader's browser keeps nothing */ }
});

// One who follows a link out of a proof and comes back finds it open.
for (const fold of folds) {
  fold.addEventListener("toggle", () => {
    const open = folds.filter((other) => other.open).map((other) => other.id);
    history.replaceState({ ...history.state, proofs: open }, "");
  });
}

// Open the folds around the place that the address names, and go there.
function reveal() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  let fold = place?.closest("details:not([open])");
  if (!fold) return;
  for (; fold; fold = fold.parentElement.closest("details:not([open])")) fold.open = true;
  place.scrollIntoView();
}
reveal();
addEventListener("hashchange", reveal);
// A second click on the link of a fold that has been closed since does not change the address.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href*='#']");
  if (link && link.href === location.href) setTimeout(reveal);
});

// Words that were searched for: Sphinx marks them a moment after the page is there.
addEventListener("load", () => setTimeout(() => {
  const found = folds.filter((fold) => !fold.open && fold.querySelector("span.highlighted"));
  for (const fold of found) fold.open = true;
  if (found.length) document.querySelector(":target")?.scrollIntoView();
}, 100));

// On paper everything is open.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const fold of closed) fold.open = true;
});
addEventListener("afterprint", () => { for (const fold of closed) fold.open = false; });
