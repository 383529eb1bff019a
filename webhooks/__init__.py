"""The door of other systems; it knows no Flask. It receives; nothing is sent yet: see docs/map.md."""
