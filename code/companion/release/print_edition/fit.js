// Shrink what is wider than its place on paper, and keep together what is short; return what stays
// too wide or would be unreadable.
([smallest, tallest]) => {
  const main = document.querySelector(".print-edition");
  const right = main.getBoundingClientRect().right;
  const name = (element) =>
    `${element.closest("section.page")?.id ?? "front"}: ${element.tagName.toLowerCase()} ` +
    `"${(element.textContent || element.getAttribute("alt") || "").trim().slice(0, 60)}"`;
  const problems = [];

  for (const element of main.querySelectorAll("mjx-container, table")) {
    // A displayed formula is as wide as its place; what it holds may be wider.
    const inner = element.matches("mjx-container") ? element.querySelector("mjx-math") : element;
    const excess = () =>
      inner.getBoundingClientRect().width / (right - Math.max(element.getBoundingClientRect().left, 0));
    let scale = 1;
    // Letters do not shrink evenly: look again.
    for (let more = excess(); more > 1 && scale >= smallest; more = excess()) {
      scale *= 0.99 / more;
      element.style.zoom = scale;
    }
    if (scale < smallest) problems.push(`${name(element)} would be printed at ${Math.round(100 * scale)} %`);
  }
  for (const element of main.querySelectorAll("*")) {
    if (element.parentElement.closest("mjx-container, svg")) continue;
    const box = element.getBoundingClientRect();
    if (box.width && (box.right > right + 1 || box.left < -1)) {
      const over = Math.max(box.right - right, -box.left);
      problems.push(`${name(element)} is ${Math.round(over)} px outside the page`);
    }
  }
  for (const box of main.querySelectorAll(".highlight, .admonition, .sd-card, blockquote, table, li, .claim")) {
    if (box.getBoundingClientRect().height < tallest) box.classList.add("keep-together");
  }
  return problems;
}
