"""All tables in one place, for the schema's history."""

from engine import (
    access,
    agencies,
    assignment,
    casebook,
    definitions,
    jobs,
    journal,
    people,
    records,
    registers,
    sessions,
    tasks,
)

ALL = (access, agencies, assignment, casebook, definitions, jobs, journal, people, records, registers, sessions, tasks)
