"""All tables in one place, for the schema's history."""

from engine import (
    access,
    agencies,
    assignment,
    casebook,
    definitions,
    disasters,
    evaluation,
    jobs,
    journal,
    kin,
    notices,
    people,
    preferences,
    receipts,
    records,
    registers,
    reminders,
    review,
    schedules,
    sessions,
    standing,
    subscriptions,
    tasks,
)

ALL = (
    access, agencies, assignment, casebook, definitions, disasters, evaluation, jobs, journal, kin, notices, people,
    preferences, receipts, records, registers, reminders, review, schedules, sessions, standing, subscriptions, tasks,
)  # fmt: skip
