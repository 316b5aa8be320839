// What is too wide for its place scrolls there; without a mouse it needs the focus for that.
const wide = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const observe = (selector) => document.querySelectorAll(selector).forEach((e) => wide.observe(e));

// The theme looks after code and output, but not when they are unfolded.
observe("pre, .cell_output > .output, .cell_output [style*='overflow-x']");
observe(".pst-scrollable-table-container, .published-picture, mjx-container[display]");
