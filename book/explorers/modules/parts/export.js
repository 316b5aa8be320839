// What a reader takes along: a text in the clipboard, a file.

import { element } from "./dom.js";

/** Copy a text; `note` says whether the browser allowed it, and what to do `instead` if not. */
export async function copyText(text, note, { done = "Copied.", instead }) {
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = done;
  } catch {
    note.textContent = `The browser did not allow to copy; ${instead}.`;
  }
}

/** Save a text or bytes as a file. */
export function saveFile(content, name, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
