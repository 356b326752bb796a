"""The vocabulary of tags: targets, platform tags, wheel tags. Pure."""
