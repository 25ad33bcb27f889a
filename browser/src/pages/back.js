// @ts-check
// The browser's own way back, which people press to undo one step: within a page of several steps it undoes one, and leaves the page
// only where there is none. Adds one entry to the history, of the same address.

/** @returns {boolean} whether the page stands on the entry that was added */
export function isGuarded() {
  return history.state?.guard === true;
}

/**
 * @param {() => boolean} back undoes one step; whether the page is to stay
 * @returns {() => void} to be called once there is something to lose
 */
export function startBack(back) {
  if (isGuarded()) history.replaceState(null, ''); // loaded again, it has nothing to lose yet, and what lies behind may be another page
  history.scrollRestoration = 'manual'; // each step begins at its beginning
  const guard = () => {
    if (!isGuarded()) history.pushState({ guard: true }, '');
  };
  addEventListener('popstate', () => {
    if (isGuarded()) return; // after the browser's way forward
    if (back()) guard();
    else history.back();
  });
  return guard;
}
