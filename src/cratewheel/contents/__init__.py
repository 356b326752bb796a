"""The files of wheels and source distributions: which ones, and at which paths."""
