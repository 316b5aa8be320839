// What is too wide for its place scrolls there. Its end fades while there is more to see, and without
// a mouse it needs the focus to be scrolled.
const fade = ({ target }) => {
  const hidden = target.scrollWidth - target.clientWidth - target.scrollLeft;
  target.classList.toggle("goes-on", hidden > 1);
};
const wide = new ResizeObserver((changes) => {
  for (const change of changes) {
    const { target } = change;
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
    fade(change);
  }
});
const observe = (selector) => {
  for (const element of document.querySelectorAll(selector)) {
    wide.observe(element);
    element.addEventListener("scroll", fade, { passive: true });
  }
};

// The theme looks after code and output, but not when they are unfolded.
observe("pre, .cell_output > .output, .cell_output [style*='overflow-x']");
observe(".pst-scrollable-table-container, .published-picture, mjx-container[display]");
