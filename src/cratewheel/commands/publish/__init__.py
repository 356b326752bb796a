"""Uploading archives to a package index: which repository and credentials, what may go there, and how it gets there."""
