// Shows the statement, equation, figure, term or exercise that a link leads to while the pointer or
// the focus is on it.

const WAIT = 250; // ms: enough to cross from link to preview
const pages = new Map(); // each is fetched once
let tip, owner, timer;

function address(link) {
  const url = new URL(link.href, location.href);
  return url.hash.length > 1 && url.origin === location.origin ? url : null;
}

function page(url) {
  if (url.pathname === location.pathname) return document;
  if (!url.protocol.startsWith("http")) return null; // files may not read each other
  if (!pages.has(url.pathname)) {
    pages.set(url.pathname, fetch(url.pathname)
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then((text) => new DOMParser().parseFromString(text, "text/html"))
      .catch(() => null));
  }
  return pages.get(url.pathname);
}

// The element to show for an anchor. Headings, cells and proofs are places to go to.
function target(root, id) {
  const found = id.startsWith("proof-") ? null : root.getElementById(id);
  return found?.matches("div.proof, figure, div.math, p, dt") ? found : null;
}

function copy(element, url) {
  const box = document.createElement(element.matches("dt") ? "dl" : "div");
  box.append(document.importNode(element, true));
  if (element.matches("dt")) {
    let more = element.nextElementSibling;
    while (more?.matches("dt")) more = more.nextElementSibling; // a synonym
    if (more) box.append(document.importNode(more, true));
  }
  box.querySelectorAll(".statement-footer, .headerlink, script").forEach((e) => e.remove());
  for (const e of box.querySelectorAll("*")) {
    e.removeAttribute("id");
    for (const name of ["src", "href"]) {
      if (e.hasAttribute(name)) e.setAttribute(name, new URL(e.getAttribute(name), url).href);
    }
  }
  box.querySelectorAll("a, [tabindex]").forEach((e) => { e.tabIndex = -1; });
  return box;
}

function close() {
  clearTimeout(timer);
  owner?.removeAttribute("aria-describedby");
  tip?.remove();
  tip = owner = undefined;
}

function place(link) {
  const at = link.getClientRects()[0];
  const right = document.documentElement.clientWidth - tip.offsetWidth - 8;
  const below = innerHeight - at.bottom;
  const under = below > Math.min(tip.scrollHeight + 12, at.top);
  tip.style.maxHeight = `min(24rem, ${(under ? below : at.top) - 12}px)`;
  tip.style.left = `${scrollX + Math.max(8, Math.min(at.left, right))}px`;
  tip.style.top = `${scrollY + (under ? at.bottom + 4 : at.top - tip.offsetHeight - 4)}px`;
}

async function open(link) {
  const url = address(link);
  const root = await page(url);
  const element = root && target(root, decodeURIComponent(url.hash.slice(1)));
  if (!element || link !== owner) return;
  tip = document.createElement("div");
  tip.id = "link-preview";
  tip.setAttribute("role", "tooltip");
  tip.append(copy(element, url));
  document.body.append(tip);
  link.setAttribute("aria-describedby", tip.id);
  place(link);
}

function enter(event) {
  if (tip?.contains(event.target)) return clearTimeout(timer);
  const link = event.target.closest?.(".bd-article a.internal[href*='#']:not(.map-statement)");
  if (!link || link === owner || !address(link)) return;
  close();
  owner = link;
  timer = setTimeout(open, event.type === "focusin" ? 0 : WAIT, link);
}

function leave(event) {
  if (!owner || !(owner.contains(event.target) || tip?.contains(event.target))) return;
  clearTimeout(timer);
  timer = setTimeout(close, WAIT);
}

if (matchMedia("(hover: hover)").matches) { // a tap follows the link
  document.addEventListener("mouseover", enter);
  document.addEventListener("mouseout", leave);
  document.addEventListener("focusin", (e) => e.target.matches?.(":focus-visible") && enter(e));
  document.addEventListener("focusout", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
}
