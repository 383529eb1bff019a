"""The door of time: due timers, outgoing calls, housekeeping."""
