"""How the C library hands out memory to the engine."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_M_MMAP_THRESHOLD = -3
BLOCK = 128 << 10
"""Bytes. The engine's own blocks are twice as large."""


@cache
def give_back_blocks() -> None:
    """Have blocks of BLOCK and more given back to the system as soon as they are freed, for the rest of the process.

    The GNU C library raises that bound by itself to 32 MB, and keeps blocks that were freed between others: up to half as much
    again as the engine may use, which the engine does not count. It costs a few hundredths of the processor's time. Other C
    libraries are left as they are. ``mallopt(3)`` has the parameters.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, BLOCK)
