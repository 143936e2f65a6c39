"""One file of rows a cell file: see `tests/cases.py`."""
