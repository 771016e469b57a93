# Runs a program under the system call filter of a systemd unit: under-filter.py UNIT PROGRAM ARGUMENTS...
# The unit's SystemCallFilter= lines are resolved by systemd-analyze and loaded with libseccomp, as systemd itself does.
import ctypes
import errno
import os
import subprocess
import sys

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# systemd.exec(5): allowed whatever the filter says.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"}


def calls(name):
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(calls(word) for word in words if word and not word.startswith("#")))


allowed = calls("@default") | ALWAYS
for line in open(sys.argv[1]):
    if line.startswith("SystemCallFilter="):
        names = line.split("=", 1)[1].split()
        denied = names[0].startswith("~")
        some = set().union(*(calls(name.lstrip("~")) for name in names))
        allowed = allowed - some if denied else allowed | some
allowed |= ALWAYS

library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
library.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]
library.seccomp_load.argtypes = [ctypes.c_void_p]
rules = library.seccomp_init(ERRNO | errno.EPERM)
for name in sorted(allowed):
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        library.seccomp_rule_add(rules, ALLOW, number, 0)
if library.seccomp_load(rules) != 0:
    sys.exit("the filter cannot be loaded")
os.execvp(sys.argv[2], sys.argv[2:])
