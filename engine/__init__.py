"""Cases and what carries them: see docs/map.md."""
