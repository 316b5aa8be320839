// A formula too wide for its place scrolls there; without a mouse it needs the focus for that.
const formulas = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(() => {
    document.querySelectorAll("mjx-container[display]").forEach((e) => formulas.observe(e));
  });
});
