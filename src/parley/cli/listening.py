"""Why the server can't listen where it should, for those that start it and for those that look ahead."""

import errno


def why_deaf(error: OSError, host: str, port: int) -> tuple[str, str]:
    """Return what is wrong and what to do about it, each without its full stop."""
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} on {host} is taken by another program",
                "choose another --port, or 0 for a free one",
            )
        case errno.EACCES:
            return f"Port {port} on {host} needs rights that this user lacks", "ports from 1024 up do not"
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine", "127.0.0.1 is, and 0.0.0.0 means all of them"
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}", "set server.host and server.port anew"
