// Conditions as clauses: `kekka = "1" and urgency <= 2` ⇄ { joint: 'and', clauses: [{ field, operator, value }] }.
// Whatever is more than that stays an expression: `parse` gives null, and nothing is rewritten.

const CLAUSE = /^([\p{L}_][\p{L}\p{N}_]*)\s*(=|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false)$/u;
const HOLDS = /^list contains\(\s*([\p{L}_][\p{L}\p{N}_]*)\s*,\s*("(?:[^"\\]|\\.)*")\s*\)$/u;

const isMany = question => question.kind === 'many';
const isNumber = question => ['number', 'int', 'yen'].includes(question.kind);

export const OPERATORS = [
  { value: '=', label: 'と同じ', fits: question => !isMany(question) },
  { value: '!=', label: 'とちがう', fits: question => !isMany(question) },
  { value: 'holds', label: 'をふくむ', fits: isMany },
  { value: '<=', label: '以下', fits: isNumber },
  { value: '>=', label: '以上', fits: isNumber },
  { value: '<', label: 'より小さい', fits: isNumber },
  { value: '>', label: 'より大きい', fits: isNumber },
];

/** The clauses of an expression, or null if it is more than clauses joined by one word. */
export function parse(expression) {
  const body = expression.trim();
  if (body === '') return { joint: 'and', clauses: [] };
  for (const joint of ['and', 'or']) {
    const clauses = split(body, joint).map(clauseOf);
    if (!clauses.includes(null)) return { joint, clauses };
  }
  return null;
}

/** The expression of clauses. */
export function print({ joint, clauses }) {
  return clauses.map(clauseText).join(` ${joint} `);
}

// at the word, but not inside a text in quotes
function split(body, word) {
  return body.split(new RegExp(`\\s+${word}\\s+(?=(?:[^"]*"[^"]*")*[^"]*$)`));
}

function clauseOf(text) {
  const holds = HOLDS.exec(text.trim());
  if (holds) return { field: holds[1], operator: 'holds', value: JSON.parse(holds[2]), kind: 'many' };
  const plain = CLAUSE.exec(text.trim());
  if (!plain) return null;
  const quoted = plain[3].startsWith('"');
  return { field: plain[1], operator: plain[2], value: quoted ? JSON.parse(plain[3]) : plain[3], kind: quoted ? 'text' : 'number' };
}

function clauseText({ field, operator, value, kind }) {
  if (operator === 'holds' || kind === 'many') return `list contains(${field}, ${JSON.stringify(value)})`;
  const bare = ['number', 'int', 'yen', 'bool'].includes(kind) && /^(-?\d+(\.\d+)?|true|false)$/.test(value);
  return `${field} ${operator} ${bare ? value : JSON.stringify(value)}`;
}
