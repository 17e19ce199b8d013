"""`hwlint server`."""

import click

__all__ = ["server"]


@click.command()
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead of using stdio (debugging).")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="What is written to stderr.",
)
def server(tcp: str | None, log_level: str) -> int:
    """Run the language server on stdin and stdout.

    HOST:PORT without a host listens on this machine only.
    """
    import logging
    import os
    import sys

    from hwlint.lsp.spawning import spawn

    address = _address(tcp) if tcp is not None else None
    # The protocol has stdin and stdout for itself: whatever prints, prints to stderr.
    stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    spawned = spawn()  # it gets ready while the rest is imported here

    from hwlint.lsp.server import make_server

    logging.basicConfig(level=log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    made = make_server(spawned)
    try:
        if address is None:
            made.start_io(stdin, stdout)
        else:
            made.start_tcp(*address)
    finally:
        made.end()
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"{text!r} is not HOST:PORT", param_hint="--tcp")
    return host or "127.0.0.1", int(port)
