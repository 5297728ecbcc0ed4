"""Confine the model's process: limits, no new privileges, files read-only, no sockets, no programs.

Everything is asked of the Linux kernel directly, so no privileges and no further packages are needed. A layer that the
kernel lacks is reported, never assumed. References: landlock(7), seccomp(2), setrlimit(2), prctl(2).
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

HELD = "held"
NOT_HELD = "not held: a forbidden action went through"
CLOSED = "files closed"
"""The layer that stands in for Landlock: everything is imported, then nothing can be opened."""
NEEDED = ("no new privileges", "resource limits", "seccomp")
"""Layers without which isolation is called reduced, whatever else there is; files are Landlock's or `CLOSED`."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SIGKILL = 9


@dataclass(frozen=True)
class Limits:
    """What the model's process may use."""

    memory: int = 4 * 2**30
    """Bytes of address space."""
    cpu_seconds: int = 3_600
    open_files: int = 128
    call_seconds: float = 300.0
    """How long one call may take."""
    start_seconds: float = 120.0
    """How long scanning and loading may take together."""


@dataclass(frozen=True)
class _Arch:
    """What differs between processor architectures: numbers of system calls."""

    audit: int
    seccomp: int
    allowed: tuple[int, ...]
    """Calls that computing and reading files takes; all others are refused."""
    clone: int
    openat: int
    open: int | None
    ioctl: int
    fcntl: int
    prctl: int
    prlimit: int
    tgkill: int
    sendto: int


_COMMON_NEW = (439, 449, 454, 455, 456)
"""faccessat2, futex_waitv, futex_wake, futex_wait, futex_requeue: numbered alike on all architectures."""
_CLONE3, _OPENAT2, _FIRST_NEW = 435, 437, 424
_X86_64 = _Arch(
    audit=0xC000003E,
    seccomp=317,
    allowed=(
        *(0, 1, 3, 4, 5, 6, 7, 8, 17, 19, 20, 40),  # read write close stat fstat lstat poll lseek pread64 readv writev
        *(9, 10, 11, 12, 25, 26, 27, 28),  # mmap mprotect munmap brk mremap msync mincore madvise
        *(13, 14, 15, 131, 219, 127, 128),  # signal handlers and masks of its own
        *(21, 79, 80, 89, 137, 138, 217, 262, 267, 269, 332),  # access, getcwd, chdir, readlink, statfs, getdents64
        *(24, 34, 35, 36, 38, 37, 96, 98, 99, 100, 201, 228, 229, 230),  # waiting, clocks, usage of its own
        *(22, 293, 284, 290, 213, 291, 232, 281, 233, 270, 271, 23),  # pipes, eventfd, epoll, select, ppoll
        *(32, 33, 292, 45, 47, 51, 52, 54, 55, 48),  # dup, receive, names and options of the socket it was given
        *(39, 63, 97, 102, 104, 107, 108, 110, 111, 115, 118, 120, 121, 124, 186),  # who and where am I
        *(143, 145, 146, 147, 148, 158, 202, 204, 218, 239, 273, 274, 309, 318, 324, 334),  # threads, getrandom
        *(60, 61, 95, 221, 231, 247),  # exit, wait, umask, fadvise64
    ),
    clone=56,
    openat=257,
    open=2,
    ioctl=16,
    fcntl=72,
    prctl=157,
    prlimit=302,
    tgkill=234,
    sendto=44,
)
_ARM64 = _Arch(
    audit=0xC00000B7,
    seccomp=277,
    allowed=(
        *(63, 64, 57, 79, 80, 73, 62, 67, 65, 66, 71),  # read write close newfstatat fstat ppoll lseek pread64 readv
        *(222, 226, 215, 214, 216, 227, 232, 233),  # mmap mprotect munmap brk mremap msync mincore madvise
        *(134, 135, 139, 132, 128, 136, 137),  # signal handlers and masks of its own
        *(48, 17, 49, 78, 43, 44, 61, 291),  # faccessat, getcwd, chdir, readlinkat, statfs, getdents64, statx
        *(124, 101, 102, 103, 165, 179, 153, 113, 114, 115, 169),  # waiting, clocks, usage of its own
        *(59, 19, 20, 21, 22, 72),  # pipes, eventfd, epoll, select
        *(23, 24, 207, 212, 204, 205, 208, 209, 210),  # dup, receive, names and options of the socket it was given
        *(172, 160, 163, 174, 175, 176, 177, 173, 155, 156, 158, 148, 150, 178),  # who and where am I
        *(120, 121, 125, 126, 127, 98, 123, 96, 236, 99, 100, 168, 278, 283, 293),  # threads, getrandom
        *(93, 260, 95, 166, 223, 94),  # exit, wait, umask, fadvise64
    ),
    clone=220,
    openat=56,
    open=None,
    ioctl=29,
    fcntl=25,
    prctl=167,
    prlimit=261,
    tgkill=131,
    sendto=206,
)
_ARCHS = {"x86_64": _X86_64, "aarch64": _ARM64}

_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCH_AT, _ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0x400000
"""Flags of open that could change a file; the last is O_TMPFILE."""
_FCNTL_DENIED = (8, 10, 15, 1024, 1026)
"""F_SETOWN F_SETSIG F_SETOWN_EX F_SETLEASE F_NOTIFY: they make the kernel send signals, to other processes too."""
_IOCTL_ALLOWED = (0x5421, 0x5451)
"""FIONBIO FIOCLEX; anything else could type into a terminal."""
_PRCTL_ALLOWED = (15, 16)
"""PR_SET_NAME PR_GET_NAME."""


def enter(limits: Limits, readable: Iterable[str]) -> dict[str, str]:
    """Put every layer around this process that the kernel offers; irrevocable.

    Args:
        limits: memory, processor time and open files.
        readable: folders and files that may still be read.

    Returns:
        Each layer with `held`, or why it isn't there, as found by trying to break it.
    """
    paths = tuple(readable)
    layers: dict[str, Callable[[], None]] = {
        "parent death": lambda: _prctl(PR_SET_PDEATHSIG, SIGKILL),
        "no new privileges": _no_new_privileges,
        "no capabilities": _no_capabilities,
        "resource limits": lambda: _limit(limits),
        "landlock": lambda: _landlock(paths),
        "seccomp": _seccomp,
    }
    found = {}
    for name, put_up in layers.items():
        try:
            put_up()
            found[name] = HELD
        except (OSError, ValueError, AttributeError) as error:
            found[name] = f"not available ({type(error).__name__})"
    return _tried(found)


def abilities() -> dict[str, str]:
    """Say which layers hold on this machine, as found in a child process of its own."""
    import json
    import subprocess

    root = str(Path(__file__).parent.parent.parent)
    program = (
        f"import sys; sys.path.insert(0, {root!r}); import json; from govkit.inputs import sandbox; "
        "print(json.dumps(sandbox.enter(sandbox.Limits(), sandbox.system_paths())))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)  # noqa: S603 - our own program
    try:
        found: dict[str, str] = json.loads(done.stdout)
    except ValueError:
        return {"sandbox": "not available on this system"}
    return found


def system_paths() -> tuple[str, ...]:
    """Give what Python and its libraries read while running."""
    package = Path(__file__).parent.parent
    # the folder that holds govkit may be somebody's project, with their data in it
    searched = (path for path in sys.path if path and Path(path) != package.parent)
    prefixes = (sys.prefix, sys.base_prefix, str(package), *searched)
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom")
    itself = ("/proc/self/maps", "/proc/self/statm")  # CatBoost looks at its own size while it fits
    kernel = ("/proc/cpuinfo", "/proc/meminfo", *itself, "/sys/devices/system/cpu", "/sys/fs/cgroup")
    return tuple(dict.fromkeys((*prefixes, *system, *kernel)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _prctl(option: int, value: int) -> None:
    arguments = (ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
    _checked(_libc().prctl(ctypes.c_int(option), *arguments))


def _no_new_privileges() -> None:
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


_CAPABILITY_VERSION = 0x20080522
_READ_SEARCH = 1 << 2
"""CAP_DAC_READ_SEARCH, kept so that root still reads a library that another user installed."""


def _no_capabilities() -> None:
    """Give up what root may do beyond its own files; nothing changes for other users."""
    libc = _libc()
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    held = ctypes.create_string_buffer(24)
    _checked(libc.capget(header, held))
    effective, permitted = (word & _READ_SEARCH for word in struct.unpack_from("<II", held))
    _checked(libc.capset(header, struct.pack("<6I", effective, permitted, 0, 0, 0, 0)))


def _limit(limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory),
    ):
        hard = resource.getrlimit(what)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Number of file rights that each version of Landlock knows; 16 from version 5 on."""
_NETWORK_FROM, _SCOPES_FROM = 4, 6


def _landlock(readable: tuple[str, ...]) -> None:
    libc = _libc()
    version = _checked(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    handled = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    size = 8 if version < _NETWORK_FROM else 16 if version < _SCOPES_FROM else 24
    attributes = struct.pack("<QQQ", handled, 3, 3)[:size]
    rules = _checked(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)))
    for path in readable:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rights = _READ_FILE | _READ_FOLDER if os.path.isdir(path) else _READ_FILE  # noqa: PTH112 - paths are text here
        rule = struct.pack("<Qi", rights, place)
        _checked(libc.syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint32(0)))
        os.close(place)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _checked(libc.syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0)))
    os.close(rules)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def close_files() -> str:
    """Refuse to open any file from now on, where Landlock is missing; irrevocable.

    Returns:
        `held`, or why not.
    """
    try:
        _install(_no_opening)
    except (OSError, AttributeError) as error:
        return f"not available ({type(error).__name__})"
    return HELD if _is_refused(lambda: os.open("/", os.O_RDONLY | os.O_DIRECTORY)) else NOT_HELD


def is_full(layers: Mapping[str, str]) -> bool:
    """Say whether a model that is hostile could reach neither files of others, the network nor other programs."""
    files = HELD in (layers.get("landlock"), layers.get(CLOSED))
    return files and all(layers.get(name) == HELD for name in NEEDED)


def _seccomp() -> None:
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _install(_filter)


def _install(write: Callable[[_Arch], list[bytes]]) -> None:
    arch = _ARCHS.get(platform.machine())
    if arch is None or not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, "no filter for this architecture")
    code = b"".join(write(arch))
    held = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(held))
    _checked(_libc().syscall(arch.seccomp, ctypes.c_ulong(1), ctypes.c_ulong(1), ctypes.byref(program)))


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Write one instruction of a classic BPF program, with how many to skip after a comparison."""
    return struct.pack("<HBBI", code, yes, no, value & 0xFFFFFFFF)


_OK = _step(_RETURN, _ALLOW)
_NOT_PERMITTED = _step(_RETURN, _REFUSE | errno.EPERM)


def _on(number: int, *steps: bytes) -> list[bytes]:
    """Take steps, the last of which return, when the call has this number."""
    return [_step(_JUMP_EQUAL, number, no=len(steps)), *steps]


def _filter(arch: _Arch) -> list[bytes]:
    """Write the filter: another architecture's calls kill, and what isn't named answers EPERM."""
    steps = _own_calls(arch)
    not_there = _step(_RETURN, _REFUSE | errno.ENOSYS)
    # the C library falls back to calls whose arguments a filter can see
    steps += [*_on(_CLONE3, not_there), *_on(_OPENAT2, not_there)]
    steps += _on(arch.clone, _argument(0), _step(_JUMP_SET, _CLONE_THREAD, no=1), _OK, _NOT_PERMITTED)
    for number, flags in ((arch.openat, 2), (arch.open, 1)):
        if number is not None:
            steps += _on(number, _argument(flags), _step(_JUMP_SET, _WRITING, no=1), _NOT_PERMITTED, _OK)
    steps += _by_argument(arch)
    for number in (*arch.allowed, *_COMMON_NEW, arch.seccomp):
        steps += _on(number, _OK)
    return [*steps, _step(_JUMP_FROM, _FIRST_NEW, no=1), not_there, _NOT_PERMITTED]


def _own_calls(arch: _Arch) -> list[bytes]:
    """Kill on calls by the numbers of another architecture, and leave the number of a call to compare."""
    steps = [
        _step(_LOAD, _ARCH_AT),
        _step(_JUMP_EQUAL, arch.audit, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    if arch is _X86_64:
        steps += [_step(_JUMP_FROM, 0x40000000, no=1), _step(_RETURN, _KILL)]  # calls of the x32 ABI
    return steps


def _no_opening(arch: _Arch) -> list[bytes]:
    """Write a second filter for where Landlock is missing: no file is opened any more, whatever for."""
    denied = [number for number in (arch.openat, arch.open, _OPENAT2) if number is not None]
    return [*_own_calls(arch), *(step for number in denied for step in _on(number, _NOT_PERMITTED)), _OK]


def _by_argument(arch: _Arch) -> list[bytes]:
    """Allow calls that a running model makes, for what it makes them for."""
    no_terminal = _step(_RETURN, _REFUSE | errno.ENOTTY)
    no_signals = [step for command in _FCNTL_DENIED for step in _on(command, _NOT_PERMITTED)]
    names = [step for option in _PRCTL_ALLOWED for step in _on(option, _OK)]
    return [
        *_on(arch.ioctl, _argument(1), *(step for each in _IOCTL_ALLOWED for step in _on(each, _OK)), no_terminal),
        *_on(arch.fcntl, _argument(1), *no_signals, _OK),
        *_on(arch.prctl, _argument(0), *names, _NOT_PERMITTED),
        *_on(arch.prlimit, *_only_null(2)),  # limits are read, never set
        *_on(arch.sendto, *_only_null(4)),  # to the other end of its socket, never to an address
        # abort() signals its own process
        *_on(arch.tgkill, _argument(0), _step(_JUMP_EQUAL, os.getpid(), no=1), _OK, _NOT_PERMITTED),
    ]


def _only_null(position: int) -> list[bytes]:
    """Allow a call whose pointer at this position is null."""
    return [
        _argument(position),
        _step(_JUMP_EQUAL, 0, no=3),
        _argument(position, high=True),
        _step(_JUMP_EQUAL, 0, no=1),
        _OK,
        _NOT_PERMITTED,
    ]


def _argument(position: int, *, high: bool = False) -> bytes:
    return _step(_LOAD, _ARGUMENT_AT + 8 * position + (4 if high else 0))


def _tried(found: dict[str, str]) -> dict[str, str]:
    """Try what the layers should stop; a layer that let it through is not held."""
    import socket

    attempts: dict[str, tuple[Callable[[], object], ...]] = {
        "seccomp": (
            socket.socket,
            lambda: os.posix_spawn("/bin/true", ["/bin/true"], {}),
            lambda: os.open(f"/tmp/govkit-{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_EXCL),  # noqa: S108
            lambda: os.kill(os.getppid(), 0),
        ),
        "landlock": (lambda: os.open("/", os.O_RDONLY | os.O_DIRECTORY),),
    }
    for layer, tries in attempts.items():
        if found.get(layer) == HELD and not all(_is_refused(attempt) for attempt in tries):
            found[layer] = NOT_HELD
    return found


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
