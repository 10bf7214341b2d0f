"""Learned policies: one checkpoint format, one loader and one small network for every family."""
