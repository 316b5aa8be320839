// The map of the theory: choose a statement, and see what it rests on and what rests on it. A second
// click follows the link. Without this script the map is a list of links.

const map = document.querySelector(".theory-map");

function reach(graph, label, found = new Set()) {
  for (const other of graph[label]) {
    if (!found.has(other)) reach(graph, other, found.add(other));
  }
  return found;
}

function line(from, to, name) {
  const [x, y] = [from.left + from.width / 2, from.top + from.height / 2];
  const [u, v] = [to.left + to.width / 2, to.top + to.height / 2];
  const middle = (y + v) / 2;
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", `M${x} ${y}C${x} ${middle} ${u} ${middle} ${u} ${v}`);
  path.setAttribute("class", name);
  return path;
}

function begin() {
  const { begin: first, uses } = JSON.parse(map.querySelector("script").textContent);
  const usedBy = Object.fromEntries(Object.keys(uses).map((label) => [label, []]));
  for (const [label, others] of Object.entries(uses)) for (const o of others) usedBy[o].push(label);
  const chips = new Map(Object.keys(uses).map((l) => [l, document.getElementById(`map-${l}`)]));
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  lines.setAttribute("aria-hidden", "true");
  const panel = document.createElement("div");
  panel.className = "map-panel";
  panel.setAttribute("role", "status");
  map.prepend(lines);
  map.append(panel);
  let chosen;

  function draw() {
    const { left, top } = map.getBoundingClientRect();
    const box = (label) => {
      const found = chips.get(label).getBoundingClientRect();
      return new DOMRect(found.left - left, found.top - top, found.width, found.height);
    };
    const joined = (graph, name) => graph[chosen].map((l) => line(box(chosen), box(l), name));
    lines.replaceChildren(...joined(uses, "rests-on"), ...joined(usedBy, "used-by"));
  }

  // Buttons that choose the neighbours, so that one can walk without looking for them.
  function neighbours(words, labels, name) {
    const row = document.createElement("p");
    row.className = name;
    row.append(labels.length ? `${words} ` : `${words} nothing in this book.`);
    for (const label of labels) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = chips.get(label).querySelector("strong").textContent;
      button.addEventListener("click", () => {
        choose(label);
        chips.get(label).scrollIntoView({ block: "center" });
        panel.querySelector("a").focus({ preventScroll: true });
      });
      row.append(button, " ");
    }
    return row;
  }

  function choose(label) {
    chosen = label;
    const [below, above] = [reach(uses, label), reach(usedBy, label)];
    for (const [other, chip] of chips) {
      const isNear = other === label || below.has(other) || above.has(other);
      chip.classList.toggle("is-chosen", other === label);
      chip.classList.toggle("is-far", !isNear);
      chip.classList.toggle("is-below", below.has(other));
      chip.classList.toggle("is-above", above.has(other));
    }
    const link = chips.get(label).cloneNode(true);
    link.removeAttribute("id");
    link.className = "reference internal";
    const head = document.createElement("p");
    head.append(link, " →");
    panel.replaceChildren(head, neighbours("Rests on", uses[label], "rests-on"),
      neighbours("Used by", usedBy[label], "used-by"));
    draw();
  }

  for (const [label, chip] of chips) {
    chip.addEventListener("click", (event) => {
      if (label === chosen || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(label);
    });
  }
  const named = () => location.hash.replace("#map-", "");
  addEventListener("hashchange", () => chips.has(named()) && choose(named()));
  choose(chips.has(named()) ? named() : first);
  new ResizeObserver(draw).observe(map);
}

if (map) begin();
