"""Which platform tag a binary may carry: parsed binaries judged by policies."""
