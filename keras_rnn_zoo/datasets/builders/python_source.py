"""TFDS builders of the standard library's functions, in three views."""

import numpy as np
import tensorflow_datasets as tfds

from keras_rnn_zoo.datasets import corpus

_STDLIB_CITATION = """\
@misc{python-stdlib,
  title = {The Python Standard Library},
  author = {{Python Software Foundation}},
  url = {https://docs.python.org/3/library/},
}"""


def _stdlib_configs() -> list[tfds.core.BuilderConfig]:
    """One config, named by version and source files of the running interpreter.

    Data prepared by two interpreters therefore lie in two directories.
    """
    name = corpus.interpreter().lower().replace(" ", "_").replace(".", "_")
    try:
        name += f"_{corpus.fingerprint()}"
    except OSError:
        name += "_without_source"  # preparing it raises, naming what is missing
    return [
        tfds.core.BuilderConfig(
            name=name, description=f"The standard library of {corpus.interpreter()}."
        )
    ]


class _StandardLibrary(tfds.core.GeneratorBasedBuilder):
    """What the three views of the standard library's functions share."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = _stdlib_configs()

    def _describe(self, description, features, supervised_keys=None):
        return tfds.core.DatasetInfo(
            builder=self,
            description=description,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=supervised_keys,
            homepage="https://docs.python.org/3/library/",
            citation=_STDLIB_CITATION,
            license="PSF-2.0",
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _functions(self):
        return corpus.functions()

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        self.info.metadata.update(
            interpreter=corpus.interpreter(), corpus_sha256=corpus.corpus_sha256()
        )
        return {
            split: self._generate_examples(
                [f for f in self._functions() if f.split == split]
            )
            for split in corpus.SPLITS
        }

    def _generate_examples(self, functions):
        examples = (
            example
            for index, function in enumerate(functions)
            for example in self._examples(index, function)
        )
        yield from enumerate(examples)


class KrzPyTokens(_StandardLibrary):
    """Functions with the token class of every character (many-to-many)."""

    name = "krz_py_tokens"

    def _info(self):
        return self._describe(
            "Functions of Python's standard library, 40 to 200 ASCII characters long, "
            "with the class of every character by Python's own tokenizer. "
            "Split by file.",
            {
                "text": tfds.features.Text(),
                "labels": tfds.features.Sequence(
                    tfds.features.ClassLabel(names=list(corpus.TOKEN_CLASSES))
                ),
                "module": tfds.features.Text(),
            },
            supervised_keys=("text", "labels"),
        )

    def _examples(self, index, function):
        del index
        yield {
            "text": function.text,
            "labels": corpus.token_classes(function.text),
            "module": function.module,
        }


class KrzPyCursor(_StandardLibrary):
    """Prefixes of functions with the token class at the cursor (many-to-one)."""

    name = "krz_py_cursor"

    def _info(self):
        return self._describe(
            "Prefixes of functions of Python's standard library, each cut at up to 8 "
            "random places from its 9th character on, with the token class that the "
            "whole function gives to the last character of the prefix. `function` "
            "counts the functions of a split. Split by file.",
            {
                "text": tfds.features.Text(),
                "label": tfds.features.ClassLabel(names=list(corpus.TOKEN_CLASSES)),
                "function": np.int32,
                "module": tfds.features.Text(),
            },
            supervised_keys=("text", "label"),
        )

    def _examples(self, index, function):
        labels = corpus.token_classes(function.text)
        for length in corpus.prefix_lengths(function.text):
            yield {
                "text": function.text[:length],
                "label": labels[length - 1],
                "function": index,
                "module": function.module,
            }


class KrzPyFunctions(_StandardLibrary):
    """Functions as text for a character language model."""

    name = "krz_py_functions"

    def _info(self):
        return self._describe(
            "Functions of Python's standard library as text. Split by file; functions "
            "of train that are near-duplicates of one in validation or test, and "
            "functions of validation that are near-duplicates of one in test, are "
            "left out (Jaccard similarity of 8-character runs of at least 0.5).",
            {"text": tfds.features.Text(), "module": tfds.features.Text()},
        )

    def _functions(self):
        distinct = corpus.without_near_duplicates()
        self.info.metadata["near_duplicates_dropped"] = dict(distinct.dropped)
        return distinct.functions

    def _examples(self, index, function):
        del index
        yield {"text": function.text, "module": function.module}
