"""What the user asked for: the settings model, and the merge of flags, variables, keys and defaults."""
