"""The web server: gunicorn, configured here and nowhere else.

Threads, because a page waits for its database; several processes, because one may be
restarted. On SIGTERM requests in hand are finished. No access log: addresses and paths of
who read what stand in the journal, which is guarded, and nowhere else.
"""

from typing import Any

from gunicorn.app.base import BaseApplication

from tsunagi.logs import server_log

FINISH_WITHIN = 30  # seconds


def run(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve `web.app.create_app()` until SIGTERM or SIGINT."""
    Screens({
        "bind": f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "graceful_timeout": FINISH_WITHIN,
        "timeout": 60,
        "max_requests": 20_000,
        "max_requests_jitter": 2_000,
        "proc_name": "tsunagi",
        "accesslog": None,
        "logconfig_dict": server_log(),
        "control_socket_disable": True,
        "limit_request_line": 4094,
    }).run()  # fmt: skip


class Screens(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """The staff's pages, made anew in every worker process."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take over the options; nothing comes from files or the environment."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application."""
        from web.app import create_app

        return create_app()
