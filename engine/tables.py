"""All tables in one place, for the schema's history."""

from engine import (
    access,
    agencies,
    assignment,
    casebook,
    definitions,
    jobs,
    journal,
    kin,
    notices,
    people,
    records,
    registers,
    reminders,
    review,
    schedules,
    sessions,
    tasks,
)

ALL = (
    access, agencies, assignment, casebook, definitions, jobs, journal, kin, notices, people, records,
    registers, reminders, review, schedules, sessions, tasks,
)  # fmt: skip
