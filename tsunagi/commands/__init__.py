"""The commands, by what they work on: files, the running system, the town."""
