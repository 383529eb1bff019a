// What makes pages pleasanter; everything works without it.
// 1. Drafts save themselves, visibly. 2. Parts appear and go as answers ask for them, and nothing that is being
// typed is ever touched. 3. The inbox listens to keys. 4. A refused page shows its problems first.
'use strict';

const WAIT = 2500; // milliseconds from the last key to the save

document.querySelector('#problems')?.focus();
for (const form of document.querySelectorAll('form[data-draft]')) keepDraft(form);
for (const form of document.querySelectorAll('form[data-unsaved]')) warnOnLeaving(form);
const rows = document.querySelector('[data-rows]');
if (rows) listenToKeys(rows);

function keepDraft(form) {
  const told = form.querySelector('[data-saved]');
  let timer = 0;
  let changed = false;
  let leaving = false;

  form.addEventListener('input', () => { changed = true; later(); });
  form.addEventListener('change', event => {
    changed = true;
    if (event.target.matches('[data-upload]')) upload(event.target);
    else if (event.target.matches('[data-controls]')) ask('refresh');
    else later();
  });
  form.addEventListener('submit', event => {
    const wish = event.submitter?.name === '_do' ? event.submitter.value : '';
    if (/^(add|remove|drop|attach|save)/.test(wish)) {
      event.preventDefault();
      ask(wish);
    } else if (leaving) event.preventDefault(); // pressed twice
    else if (changed) {
      // First make sure of the draft: whoever was signed out meanwhile must not lose a word.
      event.preventDefault();
      save(false).then(kept => { if (kept) form.requestSubmit(event.submitter); });
    } else leaving = true;
  });
  window.addEventListener('pageshow', () => { leaving = false; });
  document.addEventListener('visibilitychange', () => { if (document.hidden && changed && !leaving) save(true); });

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => save(false), WAIT);
  }

  async function save(last) {
    clearTimeout(timer);
    changed = false;
    try {
      const answer = await send(last) ?? (await renew() ? await send(last) : null);
      if (!answer) throw new Error('not saved');
      say(`${answer.saved} 下書きを保存しました`, false);
      return true;
    } catch {
      changed = true;
      say('下書きを保存できませんでした。入力は残っています。この画面を閉じずに、別の画面でつなぎに入り直してください。', true);
      timer = setTimeout(() => save(false), 10000);
      return false;
    }
  }

  async function send(last) {
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    const answer = await fetch(form.dataset.draft, { method: 'POST', body, keepalive: last, headers: { Accept: 'application/json' } });
    return answer.ok && answer.headers.get('Content-Type')?.includes('json') ? answer.json() : null;
  }

  // After signing in anew in another window this page's forms carry an old word: take the new one over.
  async function renew() {
    const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), 'text/html');
    const fresh = page.querySelector('form[data-draft] [name=_csrf]');
    if (!fresh) return false;
    for (const old of document.querySelectorAll('[name=_csrf]')) old.value = fresh.value;
    return true;
  }

  async function ask(wish) {
    clearTimeout(timer);
    changed = false;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File && !value.name) body.delete(name);
    body.set('_do', wish);
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(form.dataset.draft, { method: 'POST', body });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector('form[data-draft]');
      if (!answer.ok || !fresh) throw new Error(page.querySelector('main')?.textContent ?? '');
      merge(form.querySelector('#answers'), fresh.querySelector('#answers'));
      say(fresh.querySelector('[data-saved]').textContent, false);
      if (wish.startsWith('add:')) focusLast(wish.slice(4));
    } catch {
      changed = true;
      say('保存できませんでした。入力は残っています。もう一度押してください。', true);
    } finally {
      form.removeAttribute('aria-busy');
    }
  }

  function upload(input) {
    say('添付を保存しています', false);
    ask(`attach:${input.name}`);
  }

  function focusLast(table) {
    const all = form.querySelectorAll(`[data-part="${CSS.escape(table)}"] fieldset.row`);
    all[all.length - 1]?.querySelector('input:not([type=hidden]), select, textarea')?.focus();
  }

  function say(text, failed) {
    told.textContent = text.trim();
    told.classList.toggle('failed', failed);
  }
}

// Where no draft is kept, nobody leaves with unsaved words unasked.
function warnOnLeaving(form) {
  let changed = false;
  form.addEventListener('input', () => { changed = true; });
  form.addEventListener('submit', () => { changed = false; });
  window.addEventListener('beforeunload', event => { if (changed) event.preventDefault(); });
}

// Takes over which parts there are, never what stands in those that stay.
function merge(old, fresh) {
  const kept = new Map([...old.children].filter(one => one.dataset.part).map(one => [one.dataset.part, one]));
  const wanted = [...fresh.children].filter(one => one.dataset.part);
  const names = new Set(wanted.map(one => one.dataset.part));
  for (const [name, element] of kept) if (!names.has(name)) element.remove();
  let before = null;
  for (const part of wanted) {
    const same = kept.get(part.dataset.part);
    const stays = same && !('fresh' in part.dataset);
    const next = before ? before.nextElementSibling : old.firstElementChild;
    if (!same) old.insertBefore(part, next);
    else if (!stays) same.replaceWith(part);
    else update(same, part);
    before = stays ? same : part;
  }
}

function update(old, fresh) {
  const inner = element => [...element.querySelectorAll('[data-parts]')].find(one => one.closest('[data-part]') === element);
  const [from, to] = [inner(fresh), inner(old)];
  if (from && to) merge(to, from);
  // 必須 and 任意 and the count of a row may have changed; inputs are left alone.
  for (const label of ['label', 'legend']) {
    const [now, then] = [fresh.querySelector(`:scope > ${label}`), old.querySelector(`:scope > ${label}`)];
    if (now && then && !then.querySelector('input')) then.replaceChildren(...now.childNodes);
  }
}

function listenToKeys(table) {
  const all = [...table.querySelectorAll('[data-row]')];
  let here = -1;
  document.addEventListener('keydown', event => {
    const typing = event.isComposing || event.target.closest('input:not([type=checkbox]), select, textarea, dialog[open]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      j: () => go(here + 1), k: () => go(here - 1), x: pick, '?': () => document.querySelector('#keys').showModal(),
      '/': () => document.querySelector('[data-key=search]').focus(), Enter: open,
    }[event.key];
    if (does && does() !== false) event.preventDefault();
  });

  function go(place) {
    if (place < 0 || place >= all.length) return;
    all[here]?.classList.remove('here');
    here = place;
    all[here].classList.add('here');
    all[here].querySelector('[data-open]').focus();
    all[here].scrollIntoView({ block: 'nearest' });
  }

  function pick() {
    all[here]?.querySelector('input[type=checkbox]')?.click();
  }

  function open() {
    // Enter on a link or a button is the browser's own business.
    if (here < 0 || document.activeElement.closest('a, button, summary, input')) return false;
    all[here].querySelector('[data-open]').click();
  }
}
