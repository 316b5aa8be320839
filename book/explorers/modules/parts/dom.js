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

function furnish(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else setAttributes(node, { [key]: value });
  }
  node.append(...children);
  return node;
}
