"""Memory that was freed between other memory goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
import ctypes, sys
{before}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free(libc.malloc(30 << 20))  # the library raises its bound by the largest block that was freed
blocks = [libc.malloc(256 << 10) for _ in range(400)]
for block in blocks:
    libc.memset(block, 1, 256 << 10)
for block in blocks[::2]:
    libc.free(block)
pages = int(open("/proc/self/statm").read().split()[1])
print(pages * 4096 >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_blocks_that_were_freed_are_given_back() -> None:
    def held(before: str) -> int:
        script = [sys.executable, "-c", HELD.format(before=before)]
        return int(subprocess.run(script, check=True, capture_output=True, text=True).stdout)

    plain, given = held(""), held("from migrate.allocator import give_back_blocks; give_back_blocks()")
    assert given < plain - 30, "of 100 MB half were freed"
