// Keeps a draft on the server: a moment after every change, visibly, and never over somebody else's work.
import { ask, clock, h, keepAsFile } from './dom.js';

const PAUSE = 900; // milliseconds after the last change
const AGAIN = 5000; // milliseconds until another try when the server does not answer

export class Drafts {
  /** `content()` resolves to the text to keep; `file` is its name in the draft; `adopt(text)` takes over another's. */
  constructor({ url, file, revision, status, content, adopt }) {
    Object.assign(this, { _url: url, _file: file, _revision: revision, _status: status, _content: content, _adopt: adopt });
    this._dirty = false;
    this._saving = null;
    this._timer = null;
    this._blocked = false;
    addEventListener('beforeunload', event => {
      if (this._dirty) event.preventDefault();
    });
  }

  get revision() {
    return this._revision;
  }

  /** Something changed: keep it soon. */
  changed() {
    if (this._stopped) return;
    this._dirty = true;
    if (this._blocked) return;
    this._say('保存しています…', 'busy');
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.save(), PAUSE);
  }

  /** Never save from here on, and say why. */
  stop(sentence) {
    this._stopped = sentence;
    this._say(sentence, 'trouble');
  }

  /** Keep it now; resolves to true when the server has it. */
  async save() {
    clearTimeout(this._timer);
    if (this._saving) await this._saving;
    if (!this._dirty) return true;
    if (this._blocked) return false;
    this._saving = this._keep();
    const kept = await this._saving;
    this._saving = null;
    return kept && this._dirty ? this.save() : kept;
  }

  async _keep() {
    const text = await this._content();
    this._dirty = false;
    let answer;
    try {
      answer = await ask(this._url, { method: 'PUT', body: { revision: this._revision, files: { [this._file]: text } } });
    } catch {
      return this._failed('サーバーにつながりません。入力はこの画面に残っています。もう一度ためします。');
    }
    if (answer.status === 200) {
      this._revision = answer.body.revision;
      this._say(`保存しました ${clock(new Date(answer.body.saved_at))}`, 'kept');
      return true;
    }
    this._dirty = true;
    if (answer.status === 409) {
      this._blocked = true;
      this._say('ほかの人が先に保存しました。', 'trouble');
      compare(answer.body, text, this._file, choice => this._settle(choice, answer.body));
      return false;
    }
    return this._failed(answer.body?.sentence ?? '保存できませんでした。入力はこの画面に残っています。ログインし直すか、もう一度ためしてください。');
  }

  _failed(sentence) {
    this._dirty = true;
    this._say(sentence, 'trouble');
    this._timer = setTimeout(() => this.save(), AGAIN);
    return false;
  }

  async _settle(choice, theirs) {
    this._blocked = false;
    this._revision = theirs.revision;
    if (choice === 'theirs') {
      await this._adopt(theirs.files[this._file]);
      this._dirty = false;
      this._say('ほかの人の内容を開きました。', 'kept');
    } else {
      await this.save();
    }
  }

  _say(words, kind) {
    this._status.textContent = words;
    this._status.dataset.kind = kind;
  }
}

// both versions are shown; the one that is not chosen is kept as a file on the person's own machine
function compare(theirs, mine, file, settle) {
  const choose = choice => {
    keepAsFile(choice === 'mine' ? `ほかの人の内容-${file}` : `自分の内容-${file}`, choice === 'mine' ? theirs.files[file] : mine);
    dialog.close();
    dialog.remove();
    settle(choice);
  };
  const differences = (theirs.differences ?? []).map(line => h('li', {}, line));
  const dialog = h('dialog', { class: 'compare', 'aria-labelledby': 'compare-title', oncancel: event => event.preventDefault() },
    h('h2', { id: 'compare-title' }, 'ほかの人が先に保存しました'),
    h('p', {}, `${theirs.by}さんが${clock(new Date(theirs.saved_at))}に保存した内容と、あなたの内容がちがいます。どちらも失われません。選ばなかったほうは、ファイルとしてこのパソコンに残ります。`),
    differences.length ? h('h3', {}, `${theirs.by}さんの内容から見た、あなたの内容のちがい`) : null,
    differences.length ? h('ul', {}, differences) : null,
    h('div', { class: 'actions' },
      h('button', { type: 'button', class: 'primary', onclick: () => choose('theirs') }, `${theirs.by}さんの内容で続ける`),
      h('button', { type: 'button', onclick: () => choose('mine') }, '自分の内容で続ける')));
  document.body.append(dialog);
  dialog.showModal();
}
