"""Python interpreters: how they are named, described and found."""
