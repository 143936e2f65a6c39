"""Loops over time, independent of any layer."""
