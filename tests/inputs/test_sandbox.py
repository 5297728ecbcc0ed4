"""Each layer of the sandbox holds by itself, in a real process; without layers every probe goes through."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from govkit.inputs import sandbox

ROOT = Path(__file__).parents[2]
PROBE = """
import ctypes, json, os, resource, signal, socket, subprocess, sys, threading
sys.path[:0] = [sys.argv[1]]
from govkit.inputs import sandbox
folder, secret, layers = sys.argv[2], sys.argv[3], sys.argv[4].split(",")
libc = ctypes.CDLL(None, use_errno=True)
victim = int(sys.argv[6])
one, other = socket.socketpair()
opened = os.open(secret, os.O_RDONLY)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")

def own(command, value):
    import fcntl
    fcntl.fcntl(one, command, value)

def new_process():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

probes = {
    "mkdir": lambda: os.mkdir(folder + "/made"),
    "write": lambda: os.close(os.open(folder + "/written", os.O_WRONLY | os.O_CREAT)),
    "truncate": lambda: os.truncate(secret, 1),
    "append": lambda: os.close(os.open(secret, os.O_WRONLY | os.O_APPEND)),
    "rename": lambda: os.rename(folder + "/old", folder + "/new"),
    "unlink": lambda: os.unlink(folder + "/doomed"),
    "symlink": lambda: os.symlink("/", folder + "/link"),
    "chmod": lambda: os.chmod(secret, 0o777),
    "chmod by descriptor": lambda: os.fchmod(opened, 0o777),
    "times": lambda: os.utime(secret, (1, 1)),
    "read": lambda: os.close(os.open(secret, os.O_RDONLY)),
    "list": lambda: os.listdir(folder),
    "proc": lambda: os.close(os.open("/proc/self/mem", os.O_RDONLY)),
    "socket": lambda: socket.socket().close(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
    "pair": lambda: [end.close() for end in socket.socketpair()],
    "fork": new_process,
    "program": lambda: subprocess.run(["true"], check=True),
    "kill": lambda: os.kill(victim, signal.SIGUSR2),
    "kill by handle": lambda: checked(libc.syscall(434, victim, 0)),
    "signal by socket": lambda: own(8, victim),
    "limits of others": lambda: resource.prlimit(victim, resource.RLIMIT_CPU, (9, 9)),
    "own limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)),
    "priority of others": lambda: os.setpriority(os.PRIO_PROCESS, victim, 5),
    "trace": lambda: checked(libc.ptrace(16, victim, 0, 0)),
    "shared memory": lambda: checked(libc.shmget(0, 4096, 0o1600)),
    "memory file": lambda: os.close(os.memfd_create("x")),
    "outlive": lambda: checked(libc.prctl(1, 0, 0, 0, 0)),
    "io_uring": lambda: checked(libc.syscall(425, 1, ctypes.create_string_buffer(240))),
    "keys": lambda: checked(libc.syscall(250, 0, -3, 1)),
    "memory": lambda: bytes(8 * 2**30) and None,
}
allowed = {
    "thread": lambda: (thread := threading.Thread(target=int), thread.start(), thread.join()),
    "read a library": lambda: open(json.__file__).close(),
    "use the socket": lambda: (one.send(b"x"), other.recv(1)),
    "random": lambda: os.urandom(8),
}
limits = sandbox.Limits(memory=4 * 2**30)
chosen = {
    "no capabilities": sandbox._no_capabilities,
    "resource limits": lambda: sandbox._limit(limits),
    "landlock": lambda: sandbox._landlock(sandbox.system_paths()),
    "seccomp": sandbox._seccomp,
}
for layer in layers:
    if layer:
        chosen[layer]()
went = {}
for name, probe in {**probes, **allowed}.items():
    try:
        probe()
        went[name] = True
    except (OSError, ValueError, MemoryError, subprocess.SubprocessError):
        went[name] = False
os.write(int(sys.argv[5]), json.dumps(went).encode())
"""
ALLOWED = {"thread", "read a library", "use the socket", "random"}
FILES = {"mkdir", "write", "truncate", "append", "rename", "unlink", "symlink"}
PROCESSES = {
    "fork",
    "program",
    "kill",
    "kill by handle",
    "signal by socket",
    "limits of others",
    "priority of others",
    "trace",
}
STOPPED = {
    "landlock": FILES | {"read", "list", "proc"},
    "seccomp": FILES
    | PROCESSES
    | {"chmod", "chmod by descriptor", "times", "socket", "unix socket", "pair", "own limits", "shared memory"}
    | {"memory file", "outlive", "io_uring", "keys"},
    "resource limits": {"memory"},
}


def probed(tmp_path, *layers):
    """Run every probe under some layers and give those that went through."""
    folder = tmp_path / "-".join(layers or ("none",)).replace(" ", "")
    folder.mkdir()
    (folder / "old").write_text("x")
    (folder / "doomed").write_text("x")
    secret = folder / "secret"
    secret.write_text("secret")
    reading, writing = os.pipe()
    victim = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(12, signal.SIG_IGN); signal.pause()"]
    )
    arguments = [str(ROOT), str(folder), str(secret), ",".join(layers), str(writing), str(victim.pid)]
    time.sleep(0.2)
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, *arguments],
        check=False,
        capture_output=True,
        text=True,
        pass_fds=(writing,),
    )
    os.close(writing)
    victim.kill()
    victim.wait()
    with os.fdopen(reading) as stream:
        text = stream.read()
    assert text, done.stderr[-2000:]
    return {name for name, went in json.loads(text).items() if went}


def test_without_layers_the_probes_go_through(tmp_path):
    went = probed(tmp_path)
    wanted = set().union(*STOPPED.values()) | ALLOWED
    # a container may itself refuse these
    assert wanted - went <= {"memory", "io_uring", "keys", "trace"}


@pytest.mark.parametrize("layer", STOPPED)
def test_a_layer_holds_by_itself(tmp_path, layer):
    went = probed(tmp_path, layer)
    assert went & STOPPED[layer] == set()
    assert went >= ALLOWED


def test_all_layers_together(tmp_path):
    went = probed(tmp_path, "no capabilities", "resource limits", "landlock", "seccomp")
    assert went & set().union(*STOPPED.values()) == set()
    assert went >= ALLOWED


def test_what_holds_is_found_by_trying():
    found = sandbox.abilities()
    assert found == dict.fromkeys(
        ("parent death", "no new privileges", "no capabilities", "resource limits", "landlock", "seccomp"), "held"
    )


def test_a_layer_that_lets_something_through_is_not_held():
    assert sandbox._tried({"landlock": sandbox.HELD, "seccomp": "not available (OSError)"}) == {
        "landlock": "not held: a forbidden action went through",
        "seccomp": "not available (OSError)",
    }


def test_a_project_next_to_the_package_is_not_readable():
    assert str(ROOT) not in sandbox.system_paths()
    assert str(ROOT / "govkit") in sandbox.system_paths()
