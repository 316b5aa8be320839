// Making elements: attributes by name, listeners by a name that begins with "on".

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

export function svgElement(name, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), attributes, children);
}

export function setAttributes(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null) node.removeAttribute(key);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Change the text of a node, unless it is this one: laying out text is slow, and reading it aloud slower. */
export function say(node, text) {
  if (node.textContent !== text.replaceAll("η_C", "ηC")) node.replaceChildren(...typeset(text, node));
}

/** Put an explorer before its still picture, with the caption of its own that the page may have. */
export function goLive(root, className, ...children) {
  root.prepend(element("div", { class: `explorer-live ${className}` }, ...children));
  const own = root.querySelector(".live-caption p");
  if (own) {
    const caption = element("span", { class: "caption-text live" }, ...own.childNodes);
    root.querySelector("figcaption .caption-text").after(caption);
  }
  root.classList.add("is-live");
}

function furnish(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else setAttributes(node, { [key]: value });
  }
  node.append(...children.flatMap((child) => (typeof child === "string" ? typeset(child, node) : child)));
  return node;
}

/** The nodes of a text: each η_C gets its subscript. */
function typeset(text, { namespaceURI }) {
  const [first, ...others] = text.split("η_C");
  const isSvg = namespaceURI === SVG;
  const low = () => (isSvg ? svgElement("tspan", { dy: 3, "font-size": 10 }, "C") : element("sub", {}, "C"));
  const after = (part) => (isSvg && part ? svgElement("tspan", { dy: -3 }, part) : part);
  return [first, ...others.flatMap((part) => ["η", low(), after(part)])].filter((part) => part !== "");
}
