"""Every part of the house that carries out jobs: importing it registers its kinds."""

from webhooks import jobs as other_systems
from worker import between, calendar, operators, telling, timers

ALL = (between, calendar, operators, other_systems, telling, timers)
