"""A sequence from another one without a network: what each letter says in its place."""

import collections

import numpy as np

#: The most tokens that one letter stands for.
MOST = 2
#: How many neighbours on both sides the tables see, the most first.
REACHES = (3, 2, 1, 0)
_NEVER = -1e9


class LetterTable:
    """The most frequent tokens of a letter among its neighbours, backing off to fewer.

    Args:
        aligned: iterable of letters and what each stands for, as `align` gives it.

    Example:
    >>> pairs = [(np.array([1, 2]), np.array([5, 6])), (np.array([2]), np.array([6]))]
    >>> LetterTable(align(pairs, 3, 7)).answer(np.array([1, 1, 2]))
    (5, 5, 6)
    """

    def __init__(self, aligned):
        tables = [collections.defaultdict(collections.Counter) for _ in REACHES]
        for letters, chunks in aligned:
            for i, chunk in enumerate(chunks):
                for table, reach in zip(tables, REACHES, strict=True):
                    table[_around(letters, i, reach)][chunk] += 1
        self.best = [
            {key: counts.most_common(1)[0][0] for key, counts in table.items()}
            for table in tables
        ]

    def answer(self, letters):
        """Return the tokens of a sequence of letters, a tuple of ids."""
        letters, written = [int(one) for one in letters], []
        for i in range(len(letters)):
            for best, reach in zip(self.best, REACHES, strict=True):
                if (chunk := best.get(_around(letters, i, reach))) is not None:
                    written += chunk
                    break
        return tuple(written)


def _around(letters, i, reach):
    """The letters around place i; 0 beyond the ends."""
    there = range(i - reach, i + reach + 1)
    return tuple(letters[k] if 0 <= k < len(letters) else 0 for k in there)


def align(pairs, num_letters, num_tokens, rounds=6):
    """Yield the letters of each pair and the tuple of tokens that each stands for.

    Each letter stands for nothing, one token or two, as is most probable (hard
    expectation maximisation, begun with tokens in proportion). Pairs of more than
    `MOST` tokens a letter are left out.

    Args:
        pairs: list of int arrays `(letters,)` and `(tokens,)`, without padding.
        num_letters: int. Above all ids of letters.
        num_tokens: int. Above all ids of tokens.
        rounds: int. How often probabilities are counted again.
    """
    groups = collections.defaultdict(list)
    for letters, tokens in pairs:
        if 0 < len(letters) and len(tokens) <= MOST * len(letters):
            groups[len(letters), len(tokens)].append((letters, tokens))
    groups = [
        (np.array([a for a, _ in group]), np.array([b for _, b in group]))
        for group in groups.values()
    ]
    # "None" is one more token: a chunk is an ordered pair of tokens.
    log_p = _in_proportion(groups, num_letters, num_tokens)
    for _ in range(rounds):
        counts = np.zeros_like(log_p)
        for letters, chunks in _aligned(groups, log_p):
            np.add.at(counts, (letters, chunks[..., 0], chunks[..., 1]), 1)
        log_p = _log_shares(counts)
    for letters, chunks in _aligned(groups, log_p):
        yield from _as_pairs(letters, chunks, num_tokens)


def _aligned(groups, log_p):
    """Yield letters and their chunks, `(pairs, letters, 2)`, for each group."""
    for letters, tokens in groups:
        ends = _most_probable(letters, tokens, log_p)
        yield letters, _chunks(tokens, ends, log_p.shape[1] - 1)


def _log_shares(counts):
    return np.log((counts + 1e-3) / (counts.sum((1, 2), keepdims=True) + 1))


def _in_proportion(groups, num_letters, num_tokens):
    """Log-probabilities as if a letter stood for what is at its share of the tokens."""
    counts = np.zeros((num_letters, num_tokens + 1, num_tokens + 1))
    for letters, tokens in groups:
        length, time = letters.shape[1], tokens.shape[1]
        for i in range(length if time else 0):
            for k in {i * time // length, -(-(i + 1) * time // length) - 1}:
                np.add.at(counts, (letters[:, i], tokens[:, k], num_tokens), 1)
    counts[:, num_tokens, num_tokens] = 0.1 * counts.sum((1, 2))
    return _log_shares(counts)


def _most_probable(letters, tokens, log_p):
    """Where the chunk of each letter ends, `(pairs, letters)`, by Viterbi."""
    rows, length, time = len(letters), letters.shape[1], tokens.shape[1]
    none = log_p.shape[1] - 1
    best = np.full((rows, time + 1), _NEVER)
    best[:, 0] = 0
    taken = []
    for i in range(length):
        letter = letters[:, i, None]
        options = np.full((MOST + 1, rows, time + 1), _NEVER)
        options[0] = best + log_p[letter, none, none]
        one = log_p[letter, tokens, none]
        options[1, :, 1:] = best[:, :-1] + one
        if time > 1:
            two = log_p[letter, tokens[:, :-1], tokens[:, 1:]]
            options[2, :, 2:] = best[:, :-2] + two
        choice = options.argmax(0)
        best = np.take_along_axis(options, choice[None], 0)[0]
        taken.append(choice)
    ends = np.zeros((rows, length), int)
    place = np.full(rows, time)
    for i in reversed(range(length)):
        ends[:, i] = place
        place = place - taken[i][np.arange(rows), place]
    return ends


def _chunks(tokens, ends, none):
    """`(pairs, letters, 2)`: the tokens of each letter, `none` where there is none."""
    starts = np.concatenate([np.zeros_like(ends[:, :1]), ends[:, :-1]], 1)
    chunks = np.full((*ends.shape, MOST), none)
    rows = np.arange(len(tokens))[:, None]
    padded = np.concatenate([tokens, np.full_like(tokens[:, :1], none)], 1)
    for k in range(MOST):
        there = ends - starts > k
        at = np.minimum(starts + k, tokens.shape[1])
        chunks[..., k] = np.where(there, padded[rows, at], none)
    return chunks


def _as_pairs(letters, chunks, none):
    for row, own in zip(letters, chunks, strict=True):
        yield (
            [int(one) for one in row],
            [tuple(int(one) for one in chunk if one != none) for chunk in own],
        )
