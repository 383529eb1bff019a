"""What is wrong with a diagram element by element, all at once. An error is what BPMN 2.0 forbids, or what we would
not execute as BPMN says; what BPMN allows and we execute is at most a warning."""

from collections.abc import Iterator

from processes.bpmn_values import Diagram, Process
from processes.findings import Finding
from processes.lint import activities, events, expressions, flows, gateways, scopes, structure
from processes.lint.beside import Beside

__all__ = ["Beside", "lint"]

_RULES = (flows.check, scopes.check, gateways.check, events.check, activities.check, expressions.check)


def lint(diagram: Diagram, beside: Beside) -> tuple[Finding, ...]:
    """The findings for every process of the diagram; `beside` is what can be called from it."""
    return tuple(_all(diagram, beside))


def _all(diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    yield from structure.check(diagram)
    for process in diagram.processes.values():
        yield from _process(process, diagram, beside)


def _process(process: Process, diagram: Diagram, beside: Beside) -> Iterator[Finding]:
    for rule in _RULES:
        yield from rule(process, diagram, beside)
