"""A sequence from another one without a network: n-grams over pairs of both."""

import numpy as np

#: Settings that were best on the validation words of `krz_cmudict`.
ORDER = 6
BEAMS = 32
#: The most chunks that a letter may stand for.
CHUNKS = 64
_END = 1


class JointNgram:
    """An n-gram over pairs of a letter and what it stands for, decoded with beams.

        P(letters, tokens) = Σ over alignments of Π_i p(g_i | g_{i-k}, …, g_{i-1})

    g_i is a letter with its chunk of nothing, one token or two, as `align` finds them;
    p is a `Markov` model of order k, Kneser-Ney. The answer is the most probable tokens
    among the beams; beams that say the same are added.

    Reference: Bisani & Ney, 2008, "Joint-sequence models for grapheme-to-phoneme
    conversion", Speech Communication 50(5). Differs from the paper: one letter to a
    chunk; alignments are counted once and not trained with the n-gram.

    Args:
        aligned: iterable of letters and what each stands for, as `align` gives it.
        num_letters: int. Above all ids of letters.
        order: int k.
        beams: int.

    Example:
    >>> from keras_rnn_zoo.tasks.letter_table import align
    >>> pairs = [(np.array([1, 2]), np.array([5, 6])), (np.array([2]), np.array([6]))]
    >>> JointNgram(align(pairs, 3, 7), 3).answers([np.array([1, 1, 2]), np.array([2])])
    [(5, 5, 6), (6,)]
    """

    def __init__(self, aligned, num_letters, order=ORDER, beams=BEAMS):
        from keras_rnn_zoo.topologies.markov import Markov, ngram_tables

        self.order, self.beams = order, beams
        places, rows, counts = {}, [], {}
        for letters, chunks in aligned:
            row = []
            for one in zip(letters, chunks, strict=True):
                row.append(places.setdefault(one, len(places) + 2))
                counts[one] = counts.get(one, 0) + 1
            rows.append([*row, _END])
        heard = {letter for letter, _ in places}
        for letter in range(1, num_letters):
            if letter not in heard:  # says nothing
                places[letter, ()] = len(places) + 2
        self.chunks = [(), (), *(chunk for _, chunk in places)]
        self.candidates = np.zeros((num_letters, CHUNKS), "int64")
        filled = np.zeros(num_letters, int)
        for one in sorted(places, key=lambda one: -counts.get(one, 0)):
            if filled[one[0]] < CHUNKS:
                self.candidates[one[0], filled[one[0]]] = places[one]
                filled[one[0]] += 1
        self.candidates = self.candidates[:, : max(1, filled.max())]
        self.markov = Markov(order, len(self.chunks), smoothing="kneser_ney")
        sequences = [np.array(row, "int64") for row in rows]
        self.markov.set_tables(ngram_tables(self.markov, sequences))

    def answers(self, words, batch_size=256):
        """Return the tokens of each sequence of letters, a list of tuples of ids."""
        found, lengths = [()] * len(words), np.array([len(word) for word in words])
        for length in sorted(set(lengths) - {0}):
            same = np.flatnonzero(lengths == length)
            for start in range(0, len(same), batch_size):
                rows = same[start : start + batch_size]
                letters = np.array([words[i] for i in rows], "int64")
                for i, said in zip(rows, self._decoded(letters), strict=True):
                    found[i] = said
        return found

    def _log_p(self, history, tokens):
        """Of `(rows, beams, n)` pairs after `(rows, beams, steps)`."""
        rows, beams, steps = history.shape
        padded = np.pad(history, [(0, 0), (0, 0), (self.order, 0)])
        contexts = padded[..., steps:].reshape(-1, self.order)
        p = self.markov._probability(
            contexts, tokens.reshape(rows * beams, -1), self.order
        )
        p = np.asarray(p, "float64").reshape(tokens.shape)
        return np.log(np.maximum(p, 1e-300))

    def _decoded(self, letters):
        rows = len(letters)
        history, scores = np.zeros((rows, 1, 0), "int64"), np.zeros((rows, 1))
        for letter in letters.T:
            beams = scores.shape[1]
            tokens = self.candidates[letter][:, None].repeat(beams, 1)
            there = tokens > 0
            total = scores[..., None] + self._log_p(history, tokens)
            total = np.where(there, total, -np.inf).reshape(rows, -1)
            best = np.argsort(-total, axis=1, kind="stable")[:, : self.beams]
            scores = np.take_along_axis(total, best, 1)
            parent, choice = np.divmod(best, tokens.shape[2])
            history = np.take_along_axis(history, parent[..., None], 1)
            new = np.take_along_axis(tokens.reshape(rows, -1), best, 1)
            history = np.concatenate([history, new[..., None]], 2)
        ends = np.full((*scores.shape, 1), _END)
        scores = scores + self._log_p(history, ends)[..., 0]
        return [self._said(*one) for one in zip(history, scores, strict=True)]

    def _said(self, history, scores):
        """The most probable tokens of one row's beams."""
        mass = {}
        for pairs, score in zip(history, scores, strict=True):
            said = tuple(token for pair in pairs for token in self.chunks[pair])
            mass[said] = np.logaddexp(mass.get(said, -np.inf), score)
        return max(mass, key=lambda said: mass[said])
