// A code as it is read out over a telephone: the alphabet and the words of controller/identity/challenge.c.

export const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'alfa', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot',
  'golf', 'hotel', 'juliett', 'kilo', 'mike', 'november', 'papa', 'quebec', 'romeo', 'sierra', 'tango', 'victor', 'whiskey', 'x-ray', 'yankee', 'zulu'];

// "K3F9Q-..." to [{group: "K3F9Q", words: "kilo three foxtrot nine quebec"}, ...].
export function spoken(code) {
  return code.split('-').filter(Boolean).map((group) => ({ group, words: [...group].map((c) => WORDS[ALPHABET.indexOf(c)] || c).join(' ') }));
}
