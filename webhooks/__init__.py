"""The door of other systems; it knows no Flask. Nothing is received or sent yet: see docs/map.md."""
