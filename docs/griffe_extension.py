"""The package as mkdocstrings reads it: docstrings as Markdown, signatures as made."""

import importlib
import inspect

import griffe
from zoo_site import docstrings

from keras_rnn_zoo import datasets


class ZooDocstrings(griffe.Extension):
    """Gives mkdocstrings Markdown in the place of every docstring."""

    def on_object(self, *, obj, **_):
        """Rewrites one docstring.

        That of `load` is completed when its module is imported.
        """
        if obj.docstring:
            if obj.path == "keras_rnn_zoo.datasets.pipelines.load":
                obj.docstring.value = inspect.getdoc(datasets.load)
            obj.docstring.value = docstrings.to_markdown(
                obj.docstring.value, docstrings.link_to
            )

    def on_class(self, *, cls, **_):
        """Puts the signature before the docstring; leaves constants out.

        The arguments of cells and layers are gathered when the class is made, where
        mkdocstrings does not find them.
        """
        for name, member in list(cls.members.items()):
            if member.is_alias or (
                member.is_attribute and "property" not in member.labels
            ):
                del cls.members[name]
        found = getattr(importlib.import_module(cls.module.path), cls.name, None)
        if cls.docstring and inspect.isclass(found):
            signature = docstrings.signature_of(found)
            cls.docstring.value = f"{signature}\n{cls.docstring.value}"
