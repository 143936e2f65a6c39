"""How an encoder-decoder writes: token by token, by itself."""

import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked, flag, positive_integer
from keras_rnn_zoo.ops import decoding, samplers
from keras_rnn_zoo.ops.checks import integer_from
from keras_rnn_zoo.topologies import _encoder_decoder_kernel as kernel

#: What it stands before: the model.
_Model: Any = object


class Writes(_Model):
    """The methods of an `EncoderDecoder` that write targets nobody has given."""

    def decode(
        self,
        source: Any,
        rules: decoding.Rules,
        sampler: samplers.Sampler,
        draws: Any = None,
    ) -> decoding.Decoded:
        """Decodes a batch; in the graph, if there is one.

        Args:
            source: int `(batch, steps)` tensor.
            rules: `keras_rnn_zoo.ops.decoding.Rules`.
            sampler: a sampler.
            draws: float32 `(batch, max_length)` in [0, 1), for samplers that draw.

        Returns:
            `keras_rnn_zoo.ops.decoding.Decoded`.
        """
        values, mask, states = self._encode(source)
        beams = getattr(sampler, "num_beams", 1)
        rows = ops.shape(source)[0]
        wide_mask, copies = mask, self._copies(source)
        if beams > 1:
            values, wide_mask, *states = (
                decoding.tile_beams(one, beams) for one in (values, mask, *states)
            )
            if copies is not None:
                copies = decoding.tile_beams(copies, beams)
        states, ready = self._first(states, (values, wide_mask))
        step = self._stepper(rows * beams, ready)

        def next_token(tokens, states):
            log_p, states = self._next(tokens, states, step, copies)
            alignment = None if self.decoder_cell is None else states[-1]
            return log_p, states, alignment

        return decoding.decode(next_token, states, rules, sampler, rows, draws, mask)

    def _next(self, tokens, states, step, copies=None):
        """Log-probabilities `(rows, tokens)` and the new states."""
        x = self.target_embedding(tokens)
        a, states = step(x, states)
        if copies is None:
            return ops.log_softmax(self._logits(a), axis=-1), states
        p = ops.softmax(self._logits(a), axis=-1)
        p = self._with_copies(p, a, x, states[-1], copies)
        return ops.log(ops.maximum(p, 1e-37)), states

    def generate(
        self,
        source: Any,
        max_length: int = 64,
        sampler: Any = "greedy",
        *,
        min_length: int = 0,
        allowed: Any = None,
        allowed_transitions: Any = None,
        seed: int | None = None,
        return_scores: bool = False,
        jit_compile: bool = False,
    ) -> Any:
        """Targets of sources, token by token, all rows in one compiled loop.

        On a CPU a C++ kernel writes the whole target, with the same results, if there
        is one for all of it: greedily or with a `BeamSampler`; SimpleRNN, LSTM, GRU,
        PeepholeLSTM or CIFGLSTM without zoneout; no attention, "luong" or "bahdanau";
        no `copying`, mixed precision or quantized layer. All else goes through
        TensorFlow's loop, and so does `decoder.implementation = "loop"`.

        Args:
            source: integers, `(steps,)` or `(batch, steps)`; zeros are padding.
            max_length: int, at least 1. The greatest number of tokens, with the end:
                the last one can only be the end.
            sampler: "greedy", "random", "top_k", "top_p", "beam", or a sampler of
                `keras_rnn_zoo.ops`.
            min_length: int. The least number of tokens before the end.
            allowed: bool array of the tokens that may stand at each step, `(tokens,)`,
                `(time, tokens)` or `(batch, time, tokens)`; the last step holds for all
                behind it. None: all.
            allowed_transitions: bool `(tokens, tokens)`: whether the second one may
                follow the first. None: all.
            seed: int or None, instead of the sampler's.
            return_scores: bool.
            jit_compile: bool. Has XLA compile the loop: some seconds for each number
                of rows and every 8 steps more of the sources, after which one source or
                a few take about half the time of TensorFlow's loop. No gain for many at
                once, nor where the kernel writes.

        Returns:
            int32 array `(batch, max_length)`, `(batch, num_beams, max_length)` of a
            `BeamSampler` with `return_all_beams`, without `batch` for one row; the end
            is there, and 0 behind it. With `return_scores` a pair of it and of the
            scores, log-probabilities that a `BeamSampler` has weighed.

        Raises:
            TypeError: if an argument is of the wrong kind.
            ValueError: if an argument has a value out of its range.
        """
        source, one_row = self._checked_source(source)
        sampler = samplers.get(sampler)
        max_length = positive_integer("max_length", max_length)
        min_length = integer_from("min_length", min_length, 0)
        if flag("jit_compile", jit_compile):
            if keras.backend.backend() != "tensorflow":
                raise ValueError(
                    "`jit_compile` must be False on a backend other than TensorFlow. "
                    f"Received: jit_compile=True on {keras.backend.backend()}."
                )
            # Padding changes nothing, and XLA compiles for every length.
            source = np.pad(source, ((0, 0), (0, -source.shape[1] % 8)))
        if min_length >= max_length:
            raise ValueError(
                "`min_length` must be at least 0 and below `max_length`. Received: "
                f"min_length={min_length!r}, max_length={max_length!r}."
            )
        given = {"source": source}
        if sampler.draws:
            seed = sampler.seed if seed is None else checked("seed", "seed", seed)
            draws = np.random.default_rng(seed).random((len(source), max_length))
            given["draws"] = np.minimum(draws, 1 - 2.0**-23).astype("float32")
        elif seed is not None:
            checked("seed", "seed", seed)
        if allowed is not None:
            given["allowed"] = self._checked_allowed(allowed, len(source))
        if allowed_transitions is not None:
            transitions = np.asarray(allowed_transitions, "bool")
            if transitions.shape != (self.num_target,) * 2:
                raise ValueError(
                    "`allowed_transitions` must be of shape (tokens, tokens) = "
                    f"({self.num_target}, {self.num_target}). Received: shape "
                    f"{transitions.shape}."
                )
            given["transitions"] = transitions
        run = self._compiled(jit_compile, sampler, max_length, min_length, tuple(given))
        found = run(*map(ops.convert_to_tensor, given.values()))
        tokens, scores = map(ops.convert_to_numpy, found)
        if one_row:
            tokens, scores = tokens[0], scores[0]
        return (tokens, scores) if return_scores else tokens

    def _compiled(self, jit, sampler, max_length, min_length, names):
        """The loop of a sampler, of tensors with these names."""
        config = json.dumps(sampler.get_config(), sort_keys=True)
        in_kernel = not jit and kernel.why_not(self, sampler) is None
        key = jit, in_kernel, type(sampler), config, max_length, min_length, names
        compiled = self.__dict__.setdefault("_loops", {})
        if key in compiled:
            return compiled[key]

        def run(*tensors):
            given = dict(zip(names, tensors, strict=True))
            rules = decoding.Rules(
                *(self.start, self.end, max_length, min_length),
                *(given.get("allowed"), given.get("transitions")),
            )
            if in_kernel:
                return kernel.decode(self, given["source"], rules, sampler)
            found = self.decode(given["source"], rules, sampler, given.get("draws"))
            return found.tokens, found.scores

        specs = {
            "source": ((None, None), "int32"),
            "draws": ((None, None), "float32"),
            "allowed": ((None, None, None), "bool"),
            "transitions": ((None, None), "bool"),
        }
        compiled[key] = decoding.compile_loop(
            run, *(specs[name] for name in names), jit_compile=jit
        )
        return compiled[key]

    def _checked_source(self, source):
        source = np.asarray(source)
        if source.dtype.kind not in "iu":
            raise TypeError(
                "`source` must hold integer tokens. "
                f"Received: source of dtype {source.dtype}."
            )
        if source.ndim not in (1, 2):
            raise ValueError(
                "`source` must be of shape (steps,) or (batch, steps). "
                f"Received: source of shape {source.shape}."
            )
        if source.size and not 0 <= source.min() <= source.max() < self.num_source:
            raise ValueError(
                f"`source` must hold tokens from 0 to {self.num_source - 1}. Received: "
                f"source with tokens from {source.min()} to {source.max()}."
            )
        rows = np.atleast_2d(source).astype("int32")
        if not rows.shape[1]:
            rows = np.zeros((len(rows), 1), "int32")
        return rows, source.ndim == 1

    def _checked_allowed(self, allowed, rows):
        allowed = np.asarray(allowed)
        shape = allowed.shape
        fits = 1 <= len(shape) <= 3 and shape[-1] == self.num_target and allowed.size
        if not fits or (len(shape) == 3 and shape[0] not in (1, rows)):
            raise ValueError(
                "`allowed` must be of shape (tokens,), (time, tokens) or (batch, time, "
                f"tokens), with {self.num_target} tokens and a batch of {rows}. "
                f"Received: allowed of shape {shape}."
            )
        if allowed.dtype != "bool":
            raise TypeError(
                "`allowed` must hold True and False. "
                f"Received: allowed of dtype {allowed.dtype}."
            )
        return allowed.reshape((1,) * (3 - len(shape)) + shape)

    def generate_text(
        self,
        texts: Sequence[str | Sequence[str]],
        max_length: int = 64,
        sampler: Any = "greedy",
        **options: Any,
    ) -> list[Any]:
        """As `generate`, from text to text, for a model that knows its tokens.

        Args:
            texts: list of strings, each character a token, or of lists of tokens.
            max_length: as of `generate`.
            sampler: as of `generate`.
            **options: as of `generate`, but for `return_scores`.

        Returns:
            For each text a list of tokens; of a `BeamSampler` with
            `return_all_beams` a list of pairs, tokens and score, the best one first.

        Raises:
            ValueError: if the model was made with numbers of tokens and not with lists,
                or a text has a token that it does not know.
        """
        for name in ("source_vocabulary", "target_vocabulary"):
            if getattr(self, name) is None:
                argument = name.replace("vocabulary", "tokens")
                raise ValueError(
                    f"`{argument}` must be a list of strings for text. Received: "
                    f"{argument}={self.get_config()[argument]!r}."
                )
        if isinstance(texts, str):
            raise TypeError(f"`texts` must be a list. Received: texts={texts!r}.")
        source = self.source_ids(texts)
        tokens, scores = self.generate(
            source, max_length, sampler, return_scores=True, **options
        )
        if tokens.ndim == 2:
            return [self.target_text(row) for row in tokens]
        return [
            [
                (self.target_text(row), float(score))
                for row, score in zip(rows, own, strict=True)
                if score > -np.inf
            ]
            for rows, own in zip(tokens, scores, strict=True)
        ]

    def source_ids(self, texts: Sequence[str | Sequence[str]]) -> np.ndarray:
        """Ids `(batch, steps)` of strings or lists of tokens, padded with 0."""
        names: Any = self.source_vocabulary
        known = {token: i for i, token in enumerate(names) if i}
        for text in texts:
            unknown = [token for token in text if token not in known]
            if unknown:
                raise ValueError(
                    "`texts` must hold tokens that the model knows. "
                    f"Received: {unknown[0]!r} in {text!r}."
                )
        longest = max((len(text) for text in texts), default=0)
        ids = np.zeros((len(texts), max(longest, 1)), "int32")
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = [known[token] for token in text]
        return ids

    def target_text(self, tokens: Any) -> list[str]:
        """The list of tokens of ids, without the end and what is behind it."""
        kept = []
        names: Any = self.target_vocabulary
        for token in tokens:
            if token in (0, self.end):
                break
            kept.append(names[int(token)])
        return kept
