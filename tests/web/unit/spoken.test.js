import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ALPHABET, WORDS, spoken } from '../../../controller/web/spoken.js';

test('a code is read out group by group', () => {
  assert.deepEqual(spoken('K3F9Q-0Z'), [{ group: 'K3F9Q', words: 'kilo three foxtrot nine quebec' }, { group: '0Z', words: 'zero zulu' }]);
  assert.deepEqual(spoken(''), []);
});

test('the command line says the same words', () => {
  const c = readFileSync(new URL('../../../controller/identity/challenge.c', import.meta.url), 'utf8');
  assert.equal(c.match(/alphabet\[\] = "(\w+)"/)[1], ALPHABET);
  assert.deepEqual([...c.match(/words\[\] = \{([^}]*)\}/)[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]), WORDS);
});
