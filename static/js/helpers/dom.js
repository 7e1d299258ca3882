// Short names for the DOM. Text is only ever set as text: nothing here parses HTML.

export function $(selector, root = document) {
  return root.querySelector(selector);
}

// Props: `class`, `onclick`-like listeners, `style` and `dataset` as objects (the CSP forbids style
// attributes), booleans for attributes that are there or not, anything else as an attribute.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) set(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "class") node.className = value;
  else if (name === "style" || name === "dataset") Object.assign(node[name], value);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

// Writing only what differs keeps screen readers from hearing the same words twice.
export function text(node, words) {
  if (node.textContent !== words) node.textContent = words;
}
