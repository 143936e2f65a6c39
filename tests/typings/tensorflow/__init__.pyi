"""TensorFlow has no types, and others' lack much of it: all of it is let through."""

from typing import Any

def __getattr__(name: str) -> Any: ...
