"""For machines that watch this one: does it live, can it work, how is it doing. No person stands in any answer."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from engine import migrations, watching
from engine.errors import Refused
from engine.watching import Numbers
from web import door
from web.security import for_systems

pages = Blueprint("watching", __name__)
#: The secret under which another machine may read the numbers.
TOKEN = "metrics"  # noqa: S105 - the name of the secret, not the secret


@pages.get("/health")
@for_systems
def health() -> Response:
    """Whether this process lives and answers."""
    return jsonify(status="ok")


@pages.get("/ready")
@for_systems
def ready() -> tuple[Response, int]:
    """Whether it can work: the database answers and has the newest form. 503 until then."""
    try:
        with door.reading() as session:
            usable = migrations.is_usable(session)
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    return (jsonify(status="ok"), 200) if usable else (jsonify(status="not migrated"), 503)


@pages.get("/metrics")
@for_systems
def metrics() -> Response:
    """Numbers for Prometheus; only from this machine itself, or with the token."""
    if not (_is_own_machine() or _has_token()):
        abort(403)
    with door.reading() as session:
        found = watching.numbers(session, now=door.now())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(found))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Told(Collector):
    def __init__(self, found: Numbers) -> None:
        self.found = found

    def collect(self) -> Iterator[Metric]:
        found = self.found
        yield _by("tsunagi_cases", "Cases by status.", "status", found.cases)
        yield GaugeMetricFamily("tsunagi_tasks_open", "Open tasks.", found.tasks_open)
        yield GaugeMetricFamily("tsunagi_tasks_overdue", "Open tasks past their due date.", found.tasks_overdue)
        yield GaugeMetricFamily("tsunagi_incidents_open", "Incidents that wait for a manager.", found.incidents_open)
        jobs = GaugeMetricFamily("tsunagi_jobs", "Unfinished jobs by kind and status.", labels=("kind", "status"))
        for labels, count in sorted(found.jobs.items()):
            jobs.add_metric(labels, count)
        yield jobs
        yield GaugeMetricFamily(
            "tsunagi_jobs_waiting_seconds", "How long the oldest due job has been due.", found.waiting_for
        )
        yield GaugeMetricFamily("tsunagi_workers_alive", "Workers seen in the last two minutes.", found.workers_alive)
        yield GaugeMetricFamily("tsunagi_messages_unheard", "Messages that wait to be heard.", found.unheard)
        yield _by("tsunagi_receipts", "Messages of other systems by status.", "status", found.receipts)
        yield _by("tsunagi_deliveries", "Events for other systems by status.", "status", found.deliveries)
        yield _by("tsunagi_subscriptions", "Subscriptions by status.", "status", found.subscriptions)


def _by(name: str, told: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family


def _is_own_machine() -> bool:
    # What a proxy on this machine hands on comes from elsewhere.
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    try:
        token = door.settings().secret(TOKEN)
    except Refused:
        return False
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return secrets.compare_digest(given.encode(), token.encode())
