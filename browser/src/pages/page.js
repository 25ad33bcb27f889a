// @ts-check
// The page's own elements: finding them, showing one step at a time, saying what is missing. Text is only ever text: nothing
// here, and nothing that uses it, turns a string into markup.

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function at(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`The page lacks ${id}.`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} tag
 * @param {{text?: string, kind?: string}} how `kind` is its class
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, { text, kind }, ...children) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/**
 * Shows one of the steps and leaves the focus where it is: for the first step of a page.
 * @param {readonly string[]} steps ids
 * @param {string} step
 */
export function beginWith(steps, step) {
  for (const id of steps) at(id).hidden = id !== step;
}

/**
 * Shows one of the steps, and takes whoever reads with the keyboard or by ear to its beginning.
 * @param {readonly string[]} steps ids
 * @param {string} step
 */
export function showOnly(steps, step) {
  beginWith(steps, step);
  const headings = /** @type {NodeListOf<HTMLElement>} */ (at(step).querySelectorAll('h2[tabindex]'));
  scrollTo(0, 0);
  ([...headings].find((heading) => !heading.closest('[hidden]')) ?? at('main')).focus();
}

/**
 * Says beside each field and in a summary what is missing, or clears both. The summary takes the focus and leads to the fields.
 * @param {string} form id
 * @param {readonly {field: string, words: string}[]} mistakes
 */
export function tellMistakes(form, mistakes) {
  for (const field of at(form).querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
  for (const mistake of at(form).querySelectorAll('.mistake')) /** @type {HTMLElement} */ (mistake).hidden = true;
  const summary = at(`${form}-summary`);
  summary.hidden = mistakes.length === 0;
  summary.querySelector('ul')?.replaceChildren(...mistakes.map(tellMistake));
  if (mistakes.length > 0) summary.focus();
}

/** @param {{field: string, words: string}} mistake */
function tellMistake({ field, words }) {
  at(field).setAttribute('aria-invalid', 'true');
  at(field).addEventListener('input', () => {
    at(field).removeAttribute('aria-invalid');
    at(`${field}-mistake`).hidden = true;
  }, { once: true });
  at(`${field}-mistake`).textContent = words;
  at(`${field}-mistake`).hidden = false;
  const link = /** @type {HTMLAnchorElement} */ (element('a', { text: words }));
  link.href = `#${field}`;
  link.addEventListener('click', (event) => {
    event.preventDefault(); // the address stays as it is
    at(field).focus();
  });
  return element('li', {}, link);
}

/**
 * @param {HTMLElement} list
 * @param {readonly string[]} groups of a case code
 * @param {(place: number) => boolean} differs
 */
export function showGroups(list, groups, differs = () => false) {
  list.replaceChildren(...groups.map((text, place) => element('li', {}, element('span', { text, kind: differs(place) ? 'differs' : '' }))));
}

/** @returns {Promise<void>} once what was just shown is on the screen */
export function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
