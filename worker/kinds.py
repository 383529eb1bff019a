"""Every part of the house that carries out jobs: importing it registers its kinds."""

from worker import timers

ALL = (timers,)
