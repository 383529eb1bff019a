"""Every part of the house that carries out jobs: importing it registers its kinds."""

from worker import calendar, telling, timers

ALL = (calendar, telling, timers)
