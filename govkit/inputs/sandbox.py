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
from collections.abc import Callable, Iterable
from dataclasses import dataclass

HELD = "held"
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
    """What differs between processor architectures."""

    audit: int
    seccomp: int
    denied: tuple[int, ...]
    """Numbers of the system calls that a model's process has no use for."""
    clone: int
    clone3: int
    openat: int
    open: int | None


_COMMON_NEW = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 447)
"""io_uring, mount API, pidfd_getfd, mount_setattr, quotactl_fd, memfd_secret: numbered alike on all architectures."""
_X86_64 = _Arch(
    audit=0xC000003E,
    seccomp=317,
    denied=(
        *(41, 42, 43, 49, 50, 53, 288),  # socket connect accept bind listen socketpair accept4
        *(57, 58, 59, 322),  # fork vfork execve execveat
        *(62, 200, 234, 129, 297),  # kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo
        *(76, 77, 82, 83, 84, 85, 86, 87, 88),  # truncate ftruncate rename mkdir rmdir creat link unlink symlink
        *(90, 91, 92, 93, 94, 260, 268),  # chmod fchmod chown fchown lchown fchownat fchmodat
        *(101, 310, 311, 312),  # ptrace process_vm_readv process_vm_writev kcmp
        *(133, 258, 259, 263, 264, 265, 266, 316),  # mknod mkdirat mknodat unlinkat renameat linkat symlinkat renameat2
        *(155, 161, 165, 166, 167, 168, 169, 272, 308),  # pivot_root chroot mount umount swap reboot unshare setns
        *(175, 176, 246, 248, 249, 250, 304, 313, 320),  # modules kexec keys open_by_handle_at
        *(188, 189, 190, 197, 198, 199, 280, 235, 132),  # xattrs, times
        *(298, 319, 321, 323),  # perf_event_open memfd_create bpf userfaultfd
    ),
    clone=56,
    clone3=435,
    openat=257,
    open=2,
)
_ARM64 = _Arch(
    audit=0xC00000B7,
    seccomp=277,
    denied=(
        *(198, 199, 200, 201, 202, 203, 242),  # sockets
        *(221, 281),  # execve execveat
        *(129, 130, 131, 138, 240),  # signals
        *(33, 34, 35, 36, 37, 38, 45, 46, 276),  # mknodat mkdirat unlinkat symlinkat linkat renameat truncate
        *(52, 53, 54, 55, 88),  # chmod chown times
        *(117, 270, 271, 272),  # ptrace process_vm kcmp
        *(39, 40, 41, 51, 97, 142, 224, 225, 268),  # mounts chroot unshare reboot swap setns
        *(104, 105, 106, 217, 218, 219, 265, 273, 294),  # kexec modules keys open_by_handle_at
        *(5, 6, 7, 14, 15, 16),  # xattrs
        *(241, 279, 280, 282),  # perf_event_open memfd_create bpf userfaultfd
    ),
    clone=220,
    clone3=435,
    openat=56,
    open=None,
)
_ARCHS = {"x86_64": _X86_64, "aarch64": _ARM64}

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCH_AT, _ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0x400000
"""Flags of open that could change a file; the last is O_TMPFILE."""


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
    from pathlib import Path

    root = str(Path(__file__).parent.parent.parent)
    program = (
        f"import sys; sys.path.insert(0, {root!r}); import json; from govkit.inputs import sandbox; "
        "print(json.dumps(sandbox.enter(sandbox.Limits(), sandbox.system_paths())))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)
    try:
        found: dict[str, str] = json.loads(done.stdout)
    except ValueError:
        return {"sandbox": "not available on this system"}
    return found


def system_paths() -> tuple[str, ...]:
    """Give what Python and its libraries read while running."""
    prefixes = (sys.prefix, sys.base_prefix, *(path for path in sys.path if path))
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom")
    kernel = ("/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/sys/devices/system/cpu", "/sys/fs/cgroup")
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


def _seccomp() -> None:
    arch = _ARCHS[platform.machine()] if platform.machine() in _ARCHS else None
    if arch is None or not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, "no filter for this architecture")
    code = b"".join(_filter(arch))
    held = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(held))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _checked(_libc().syscall(arch.seccomp, ctypes.c_ulong(1), ctypes.c_ulong(1), ctypes.byref(program)))


def _filter(arch: _Arch) -> list[bytes]:
    """Write the filter: another architecture's calls kill; what is denied or would write answers EPERM."""

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value & 0xFFFFFFFF)

    refuse = step(_RETURN, _REFUSE | errno.EPERM)
    allow = step(_RETURN, _ALLOW)
    steps = [
        step(_LOAD, _ARCH_AT),
        step(_JUMP_EQUAL, arch.audit, yes=1),
        step(_RETURN, _KILL),
        step(_LOAD, _NUMBER_AT),
    ]
    if arch is _X86_64:
        steps += [step(0x35, 0x40000000, no=1), step(_RETURN, _KILL)]  # calls of the x32 ABI
    # glibc falls back to clone, whose flags a filter can see
    steps += [step(_JUMP_EQUAL, arch.clone3, no=1), step(_RETURN, _REFUSE | errno.ENOSYS)]
    steps += [
        step(_JUMP_EQUAL, arch.clone, no=4),
        step(_LOAD, _ARGUMENT_AT),
        step(_JUMP_SET, _CLONE_THREAD, no=1),
        allow,
        refuse,
    ]
    for number, argument in ((arch.openat, 2), (arch.open, 1)):
        if number is not None:
            steps += [
                step(_JUMP_EQUAL, number, no=4),
                step(_LOAD, _ARGUMENT_AT + 8 * argument),
                step(_JUMP_SET, _WRITING, no=1),
                refuse,
                allow,
            ]
    steps += [step(_JUMP_EQUAL, 437, no=1), step(_RETURN, _REFUSE | errno.ENOSYS)]  # openat2: flags are out of sight
    for number in (*arch.denied, *_COMMON_NEW):
        steps += [step(_JUMP_EQUAL, number, no=1), refuse]
    return [*steps, allow]


def _tried(found: dict[str, str]) -> dict[str, str]:
    """Try what the layers should stop; a layer that let it through is not held."""
    import socket
    import tempfile

    def opens_socket() -> None:
        socket.socket().close()

    def starts_program() -> None:
        os.posix_spawn("/bin/true", ["/bin/true"], {})

    def writes_file() -> None:
        name = os.path.join(tempfile.gettempdir(), f"govkit-{os.getpid()}")  # noqa: PTH118 - a name, not a place
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.unlink(name)  # noqa: PTH108

    def reads_secret() -> None:
        os.close(os.open("/etc/passwd", os.O_RDONLY))

    attempts = {
        "seccomp": (opens_socket, starts_program, writes_file),
        "landlock": (reads_secret,),
    }
    for layer, tries in attempts.items():
        if found.get(layer) == HELD and any(_succeeds(attempt) for attempt in tries):
            found[layer] = "not held: a forbidden action went through"
    return found


def _succeeds(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True
