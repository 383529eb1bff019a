"""A cable between a worker and its database that can be pulled out: a TCP relay on the loopback address."""

import contextlib
import select
import socket
import threading
from typing import Any


class Wire:
    """`port` is this end. `cut` drops every connection and takes no new one until `mend`.

    With `swallow` set, the answer to the next COMMIT is lost with its connection: written, but the caller sees an error.
    """

    def __init__(self, port: int) -> None:
        self.far, self.whole, self.swallow, self.swallowed = port, True, False, 0
        self.ends: list[socket.socket] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *rest: Any) -> None:
        self.cut()
        self.door.close()

    def cut(self) -> None:
        self.whole = False
        for end in list(self.ends):
            _close(end)

    def mend(self) -> None:
        self.whole = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.door.accept()
            except OSError:
                return
            if not self.whole:
                _close(near)
                continue
            far = socket.create_connection(("127.0.0.1", self.far))
            self.ends += [near, far]
            threading.Thread(target=self._relay, args=(near, far), daemon=True).start()

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        losing = False
        try:
            while True:
                ready, _, _ = select.select([near, far], [], [])
                for end in ready:
                    said = end.recv(65536)
                    if not said or (losing and end is far):
                        self.swallowed += losing
                        return
                    if end is near and self.swallow and b"COMMIT" in said:
                        self.swallow, losing = False, True
                    (far if end is near else near).sendall(said)
        except (OSError, ValueError):
            return
        finally:
            _close(near)
            _close(far)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # already gone
        end.shutdown(socket.SHUT_RDWR)
    end.close()
