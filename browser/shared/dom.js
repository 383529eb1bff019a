// Small pieces for building pages by hand: one way to make an element, one way to talk to the server.

/** Make an element: h('p', { class: 'note', onclick: f }, 'text', otherElement). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  if (tag === 'select' && 'value' in attributes) element.value = attributes.value;
  return element;
}

/** Ask the server; JSON out and in. Resolves to { status, body }; rejects only when the network fails. */
export async function ask(url, { method = 'GET', body } = {}) {
  const headers = { Accept: 'application/json' };
  const token = document.querySelector('[data-csrf]')?.dataset.csrf;
  if (token) headers['X-CSRF'] = token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch(url, {
    method, headers, credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body),
  });
  const isJson = (answer.headers.get('Content-Type') ?? '').includes('json');
  // whoever has been signed out is led to the sign-in page: an answer, but not to this question
  if (!isJson) return { status: answer.redirected ? 401 : answer.status, body: null };
  return { status: answer.status, body: await answer.json() };
}

/** Offer text as a file to keep on one's own machine. */
export function keepAsFile(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/xml' }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** 14:03 */
export function clock(moment) {
  return `${moment.getHours()}:${String(moment.getMinutes()).padStart(2, '0')}`;
}
