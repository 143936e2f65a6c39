"""What an encoder-decoder writes in a second, against PyTorch with the same weights.

    python -m tests.benchmarks decoding [--model cmudict_g2p] [--rounds 7]
        [--threads 2] [--device cpu] [--csv FILE]

The model is a bidirectional GRU encoder and a GRU decoder with `LuongAttention`, real
weights, on words of real lengths. PyTorch's side is what one would write there: its own
`GRU` on packed sequences, its `gru_cell` a step, keys of the memory computed once, and
beams as one tensor `(batch * beams, …)` with the same scores and the same rule of
ending. Both sides must say the same before anything is timed. `generate` is called as
users call it, arrays in and out, as it is and with `jit_compile=True`, compiled
before; at batch 1, words come one after the other. A figure is the median over the
rounds, in which all competitors run in turn, in one process.
"""

import argparse
import csv
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import torch

import keras_rnn_zoo
from keras_rnn_zoo.ops import BeamSampler
from tests.benchmarks import native

WORDS = (
    "schwarzenegger cat phonology knight zoo recurrent gate throughout psychology a "
    "encyclopedia lead read gnome island queue bureau yacht colonel rhythm translation "
    "attention beam decoder memory neural network kernel thought rough cough through "
    "fjord xylophone quiz jazz mortgage receipt wednesday february library strength"
).split()
LONGEST, BEAMS = 48, 5


def _on_device(source):
    return torch.from_numpy(source).long().to(torch.get_default_device())


class InTorch:
    """The same model in PyTorch."""

    def __init__(self, model):
        layer = model.encoder[0]
        self.start, self.end = model.start, model.end

        def tensor(array):
            return torch.tensor(np.ascontiguousarray(array, "float32"))

        def gru(cell):
            """Weights in PyTorch's layout: gates r, z, n, and rows of outputs."""
            z, r, n = (np.arange(k, k + cell.units) for k in (0, *_starts(cell.units)))
            order = np.concatenate([r, z, n])
            kernel, recurrent, bias = (np.asarray(w) for w in cell.get_weights())
            return [
                *(tensor(w[:, order].T) for w in (kernel, recurrent)),
                *(tensor(row[order]) for row in bias),
            ]

        weights = [
            np.asarray(e.embeddings)
            for e in (model.source_embedding, model.target_embedding)
        ]
        self.source_embedding, self.target_embedding = map(tensor, weights)
        forward, backward = layer.forward_layer.cell, layer.backward_layer.cell
        self.encoder = torch.nn.GRU(
            weights[0].shape[1], forward.units, batch_first=True, bidirectional=True
        )
        names = "weight_ih weight_hh bias_ih bias_hh".split()
        with torch.no_grad():
            for suffix, cell in (("_l0", forward), ("_l0_reverse", backward)):
                for name, value in zip(names, gru(cell), strict=True):
                    getattr(self.encoder, name + suffix).copy_(value)
        self.gru = gru(model.decoder.cell)
        self.bridge = [tensor(w) for w in model.bridges[0].get_weights()]
        cell = model.decoder_cell
        self.keys = tensor(cell.attention.memory_kernel)
        self.combine = tensor(cell.kernel)
        self.output = [tensor(w) for w in model.output_layer.get_weights()]

    def encode(self, source):
        mask = source > 0
        x = torch.nn.utils.rnn.pack_padded_sequence(
            self.source_embedding[source],
            mask.sum(1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        memory, h = self.encoder(x)
        memory, _ = torch.nn.utils.rnn.pad_packed_sequence(memory, batch_first=True)
        h = torch.tanh(torch.addmm(self.bridge[1], torch.cat([*h], -1), self.bridge[0]))
        return h, memory, memory @ self.keys, mask

    def step(self, token, h, memory, keys, mask):
        h = torch.gru_cell(self.target_embedding[token], h, *self.gru)
        e = torch.bmm(keys, h[:, :, None])[..., 0].masked_fill(~mask, -1e9)
        context = torch.bmm(torch.softmax(e, -1)[:, None], memory)[:, 0]
        a = torch.tanh(torch.cat([h, context], -1) @ self.combine)
        logits = torch.addmm(self.output[1], a, self.output[0])
        log_p = torch.log_softmax(logits, -1)
        log_p[:, [0, self.start]] = -torch.inf
        return log_p, h

    def only_end(self, log_p):
        last = torch.full_like(log_p, -torch.inf)
        last[:, self.end] = log_p[:, self.end]
        return last

    @torch.inference_mode()
    def greedy(self, source):
        source = _on_device(source)
        h, *memory = self.encode(source)
        token = torch.full((len(source),), self.start)
        tokens = torch.zeros((len(source), LONGEST), dtype=torch.long)
        scores, done = torch.zeros(len(source)), torch.zeros(len(source), dtype=bool)
        for t in range(LONGEST):
            log_p, h = self.step(token, h, *memory)
            if t + 1 == LONGEST:
                log_p = self.only_end(log_p)
            gain, token = log_p.max(-1)
            scores = torch.where(done, scores, scores + gain)
            tokens[:, t] = token = torch.where(done, 0, token)
            done |= token == self.end
            if done.all():
                break
        return tokens.cpu().numpy(), scores.cpu().numpy()

    @torch.inference_mode()
    def beam(self, source):
        source = _on_device(source)
        rows, k = len(source), BEAMS
        h, *memory = (one.repeat_interleave(k, 0) for one in self.encode(source))
        width = self.output[1].shape[0]
        token = torch.full((rows * k,), self.start)
        tokens = torch.zeros((rows, k, LONGEST), dtype=torch.long)
        log_ps = torch.full((rows, k), -torch.inf)
        log_ps[:, 0] = 0
        best_tokens, best = tokens.clone(), torch.full((rows, k), -torch.inf)
        offset = torch.arange(rows)[:, None] * k
        for t in range(LONGEST):
            log_p, h = self.step(token, h, *memory)
            if t + 1 == LONGEST:
                log_p = self.only_end(log_p)
            total = log_ps[..., None] + log_p.view(rows, k, width)
            threshold = total.view(rows, -1).topk(k).values[:, -1:]
            ended = total[..., self.end]
            ended = ended.masked_fill(ended < threshold, -torch.inf)
            with_end = tokens.clone()
            with_end[..., t] = self.end
            best, place = torch.cat([best, ended], 1).topk(k)
            pool = torch.cat([best_tokens, with_end], 1)
            place = place[..., None].expand(-1, -1, LONGEST)
            best_tokens = pool.gather(1, place)
            total[..., self.end] = -torch.inf
            log_ps, place = total.view(rows, -1).topk(k)
            parent, token = place // width, place % width
            tokens = tokens.gather(1, parent[..., None].expand(-1, -1, LONGEST))
            tokens[..., t] = token
            h, token = h[(offset + parent).view(-1)], token.view(-1)
            if not (log_ps[:, 0] > best[:, -1]).any():
                break
        return best_tokens[:, 0].cpu().numpy(), best[:, 0].cpu().numpy()


def _starts(units):
    return units, 2 * units


def rows(name, rounds):
    """Measures; yields a row, as a dict, for each size of batch and sampler."""
    model = keras_rnn_zoo.load(name)
    model = getattr(model, "model", model)
    peer = InTorch(model)
    letters = {letter: i for i, letter in enumerate(model.source_vocabulary)}
    source = np.zeros((64, max(map(len, WORDS))), "int32")
    for i, row in enumerate(source):
        word = WORDS[i % len(WORDS)]
        row[: len(word)] = [letters[letter] for letter in word]
    one_by_one = [row[None, row > 0] for row in source[:16]]
    for how, theirs in (("greedy", peer.greedy), (f"beam {BEAMS}", peer.beam)):
        sampler = "greedy" if how == "greedy" else BeamSampler(BEAMS)

        def ours(x, sampler=sampler):
            return model.generate(x, LONGEST, sampler, return_scores=True)

        def compiled(x, sampler=sampler):
            options = {"return_scores": True, "jit_compile": True}
            return model.generate(x, LONGEST, sampler, **options)

        said, theirs_scores = theirs(source)
        for tokens, scores in (ours(source), compiled(source)):
            np.testing.assert_array_equal(tokens, said)
            np.testing.assert_allclose(scores, theirs_scores, rtol=1e-4, atol=1e-4)
        for batch, given in ((1, one_by_one), (64, [source])):
            competitors = {
                "ours": lambda given=given: [ours(x) for x in given],
                "compiled": lambda given=given: [compiled(x) for x in given],
                "torch": lambda given=given, theirs=theirs: [theirs(x) for x in given],
            }
            ms = native.interleaved(competitors, rounds)
            count = sum(map(len, given))
            speed = {who: 1e3 * count / value for who, value in ms.items()}
            yield {
                "model": name,
                "decoding": how,
                "batch": batch,
                **{f"{who} sentences/s": round(v, 1) for who, v in speed.items()},
                **{
                    f"{who}/torch": round(speed[who] / speed["torch"], 3)
                    for who in ("ours", "compiled")
                },
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cmudict_g2p")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu", help="PyTorch's: cpu or cuda")
    parser.add_argument("--csv")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    torch.set_num_threads(options.threads)
    torch.set_default_device(options.device)
    measured = []
    for row in rows(options.model, options.rounds):
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        measured.append(row)
    for who in ("ours", "compiled"):
        mean = np.exp(np.mean([np.log(row[f"{who}/torch"]) for row in measured]))
        print(f"{who}: geomean {mean:.2f}x, {options.threads} threads")
    if options.csv:
        with open(options.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, measured[0])
            writer.writeheader()
            writer.writerows(measured)


if __name__ == "__main__":
    main()
