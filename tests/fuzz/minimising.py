"""Make an input that broke a reader as small as it can be while it breaks it in the same place."""

from __future__ import annotations

import time
from collections.abc import Callable

from .containers import members, pack
from .mutate import kind_of
from .seeds import Seed

Same = Callable[[Seed], bool]


def minimised(files: Seed, same: Same, *, seconds: float = 20.0) -> Seed:
    """Fewer files, then fewer members and bytes in each."""
    until = time.monotonic() + seconds
    first = next(iter(files), None)
    for name in list(files):
        fewer = {k: v for k, v in files.items() if k != name}
        if name != first and same(fewer):
            files = fewer
    for name in list(files):

        def holds(data: bytes, name: str = name, files: Seed = files) -> bool:
            return same({**files, name: data})

        files = {**files, name: _smaller(name, files[name], holds, until)}
    return files


def _smaller(name: str, data: bytes, holds: Callable[[bytes], bool], until: float) -> bytes:
    if kind_of(name, data) == "zip":
        try:
            held = list(members(data))
        except Exception:
            held = []
        if held and holds(pack(held)):
            return _fewer_members(held, holds, until)
    return _fewer_bytes(data, holds, until)


def _fewer_members(
    held: list[tuple[str, bytes]], holds: Callable[[bytes], bool], until: float
) -> bytes:
    for entry in list(held):
        fewer = [one for one in held if one is not entry]
        if time.monotonic() < until and holds(pack(fewer)):
            held = fewer
    for at, (name, data) in enumerate(held):

        def inside(less: bytes, at: int = at, name: str = name) -> bool:
            return holds(pack([*held[:at], (name, less), *held[at + 1 :]]))

        held[at] = (name, _fewer_bytes(data, inside, until))
    return pack(held)


def _fewer_bytes(data: bytes, holds: Callable[[bytes], bool], until: float) -> bytes:
    """Leave out ever smaller parts as long as the fault stays."""
    size = max(1, len(data) // 2)
    while size and time.monotonic() < until:
        at, shrunk = 0, False
        while at < len(data) and time.monotonic() < until:
            less = data[:at] + data[at + size :]
            if holds(less):
                data, shrunk = less, True
            else:
                at += size
        size = min(size, len(data)) // 2 if not shrunk or size > 1 else 1
    return data
