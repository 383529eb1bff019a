"""A mail server of the tests' own on the loopback address: it takes letters and keeps them."""

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    to: str
    subject: str
    text: str
    message_id: str


class Letterbox:
    """`address` is host:port; `says_later` how many of the next letters it puts off (450)."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.says_later = 0

    def __enter__(self) -> "Letterbox":
        box = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                talk(self, box)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *rest: Any) -> None:
        self.server.shutdown()
        self.server.server_close()


def talk(handler: socketserver.StreamRequestHandler, box: Letterbox) -> None:
    """As much of SMTP (RFC 5321) as a sender needs."""

    def say(line: str) -> None:
        handler.wfile.write(f"{line}\r\n".encode())

    to: list[str] = []
    say("220 letterbox")
    while line := handler.rfile.readline().decode().strip():
        verb = line[:4].upper()
        if verb == "MAIL" and box.says_later:
            box.says_later -= 1
            say("450 later")
        elif verb == "RCPT":
            to.append(line[line.index("<") + 1 : line.index(">")])
            say("250 ok")
        elif verb == "DATA":
            say("354 go on")
            box.letters += [_letter(one, _body(handler)) for one in [",".join(to)]]
            to = []
            say("250 ok")
        elif verb == "QUIT":
            say("221 bye")
            return
        else:
            say("250 ok")


def _body(handler: socketserver.StreamRequestHandler) -> bytes:
    lines = []
    while (line := handler.rfile.readline()) not in (b".\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def _letter(to: str, raw: bytes) -> Letter:
    read = email.message_from_bytes(raw, policy=email.policy.default)
    return Letter(to=to, subject=str(read["Subject"]), text=read.get_content(), message_id=str(read["Message-ID"]))
