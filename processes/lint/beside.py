"""What lies beside a diagram: the processes it may call, the decisions it may ask, the operators there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from processes.bpmn_values import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """`processes` by id, the diagram's own among them; `decisions` the ids and names of decisions and decision
    services; `inputs` what each decision reads; `operators` the operations of service tasks, None if not known
    here."""

    processes: Mapping[str, Process]
    decisions: frozenset[str] = frozenset()
    inputs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    operators: frozenset[str] | None = None
