"""Cells against other people's packages: `make outside` installs them and runs this."""

import csv
import os


def report(cell, package, worst):
    """Writes a line of the table that `KRZ_OUTSIDE` names."""
    if path := os.environ.get("KRZ_OUTSIDE"):
        with open(path, "a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([cell, package, f"{worst:.1e}"])
