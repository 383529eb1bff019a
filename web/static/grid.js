// One line a household: Enter saves and goes on, leaving a line saves it too; a line that somebody answered
// meanwhile shows both answers. Without this script every line is a form with a button.
'use strict';

for (const line of document.querySelectorAll('[data-grid] tbody tr')) listen(line);

function listen(line) {
  const form = line.querySelector('form');
  const told = line.querySelector('[data-told]');
  let changed = false;
  let saving = false;

  line.addEventListener('input', () => { changed = true; });
  line.addEventListener('change', () => { changed = true; });
  line.addEventListener('focusout', event => { if (changed && !line.contains(event.relatedTarget)) save(); });
  form.addEventListener('submit', event => { event.preventDefault(); save(); });
  line.addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.target.matches('select, input:not([type=checkbox])')) {
      event.preventDefault();
      save().then(kept => { if (kept) step(1); });
    } else if (event.ctrlKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      step(event.key === 'ArrowDown' ? 1 : -1);
    }
  });

  function step(by) {
    const next = by > 0 ? line.nextElementSibling : line.previousElementSibling;
    next?.querySelector('select')?.focus();
  }

  async function save() {
    const body = new FormData(form);
    if (!body.get('anpi')) { say('安否を選んでください。', true); return false; }
    if (saving) return false;
    saving = true;
    try {
      const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } });
      const said = await answer.json();
      if (answer.ok) { kept(said); return true; }
      if (answer.status === 409) both(said); else say(said.sentence, true);
    } catch {
      say('まだ保存できていません。入力は残っています。つながったら、もう一度「記録する」を押してください。', true);
    } finally {
      saving = false;
    }
    return false;
  }

  function kept(said) {
    changed = false;
    form.elements._seen.value = said.seen;
    form.elements._submission.value = `${line.dataset.row}-${said.seen}-${Date.now()}`;
    line.classList.add('said');
    line.classList.toggle('urgent', said.lane === '緊急支援');
    say(`保存しました ${said.at} ${said.by}${said.lane && said.lane !== '完了' ? `　${said.lane}` : ''}`, false);
  }

  function both(said) {
    changed = false;
    say(`${said.sentence} 先の記録：${said.theirs}`, true);
    const mine = document.createElement('button');
    mine.type = 'button';
    mine.className = 'small';
    mine.textContent = '自分の記録も残す';
    mine.addEventListener('click', () => {
      form.elements._seen.value = said.seen;
      form.elements._submission.value = `${line.dataset.row}-${said.seen}-${Date.now()}`;
      save();
    });
    told.append(' ', mine);
  }

  function say(words, wrong) {
    told.textContent = words;
    told.classList.toggle('problem', wrong);
  }
}
