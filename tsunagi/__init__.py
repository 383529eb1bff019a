"""The command line and the demo town: what stands on top of all the other packages."""
