"""A filter of system calls, written as BPF by hand: what a program never needs is refused, not fatal.

Refused with EPERM: mounts, namespaces, tracing, keys, modules, clocks, shared memory that no limit counts, watches of
files that neighbours use too, new limits of core dumps; done in appearance alone: locks of files (flock); with ENOSYS:
io_uring, clone3 (the C library falls back to clone, whose flags can be read here), and calls newer than this list.
Sockets are of the unix family only. A foreign architecture (32-bit, x32) ends the process.
"""

from __future__ import annotations

import ctypes
import errno
import struct

from evals.sandbox.inside import linux

SECCOMP_SET_MODE_FILTER = 1
RET_ALLOW, RET_ERRNO, RET_KILL = 0x7FFF0000, 0x00050000, 0x80000000
LD_NR, LD_ARCH, LD_ARG0, LD_ARG1, LD_ARG2, LD_ARG3 = 0, 4, 16, 24, 32, 40
HIGH = 4
"Distance of the upper half of an argument."
NEW_NAMESPACES = 0x7E020080
"CLONE_NEW* in the flags of clone, CLONE_NEWTIME among them."

FIRST_UNKNOWN = 463
"Calls from here on are newer than this list, on every architecture: the first of them came with Linux 6.13."

# name: (x86_64, aarch64); None if the architecture has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "ptrace": (101, 117), "syslog": (103, 116), "uselib": (134, None), "personality": (135, 92),
    "vhangup": (153, 58), "modify_ldt": (154, None), "pivot_root": (155, 41), "acct": (163, 89),
    "settimeofday": (164, 170), "mount": (165, 40), "umount2": (166, 39), "swapon": (167, 224), "swapoff": (168, 225),
    "reboot": (169, 142), "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None),
    "ioperm": (173, None), "init_module": (175, 105), "delete_module": (176, 106), "quotactl": (179, 60),
    "lookup_dcookie": (212, 18), "clock_settime": (227, 112), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "kexec_load": (246, 104), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "migrate_pages": (256, 238), "unshare": (272, 97),
    "move_pages": (279, 239), "vmsplice": (278, 75), "adjtimex": (159, 171), "chroot": (161, 51),
    "perf_event_open": (298, 241), "fanotify_init": (300, 262), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "clock_adjtime": (305, 266), "setns": (308, 268), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "finit_module": (313, 273), "seccomp": (317, 277),
    "memfd_create": (319, 279), "kexec_file_load": (320, 294), "bpf": (321, 280), "userfaultfd": (323, 282),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount_setattr": (442, 442), "quotactl_fd": (443, 443), "memfd_secret": (447, 447),
    "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "set_mempolicy_home_node": (450, 450), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
}  # fmt: skip
_UNKNOWN: dict[str, tuple[int | None, int | None]] = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "clone3": (435, 435),
}  # fmt: skip
_SIGNALS: dict[str, tuple[int | None, int | None]] = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
_ATTRIBUTES: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
_OTHERS: dict[str, tuple[int | None, int | None]] = {"ioprio_set": (251, 30), "sched_setparam": (142, 118)}
_OF_ITSELF: dict[str, tuple[int | None, int | None]] = {"prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
"Allowed where the first argument is 0, which means the caller."

_SETPRIORITY = (141, 140)
_FLOCK, _FCNTL, _SETRLIMIT, _MMAP = (73, 32), (72, 25), (160, 164), (9, 222)
_F_SETLEASE, _F_NOTIFY, _RLIMIT_CORE = 1024, 1026, 4

MAX_SHARED_MAPPING = 1 << 24
"""Bytes of one shared mapping without a file. Its pages stay for as long as one of them is mapped, though no process
counts them: so `process_tree.held_bytes` counts mappings, and this says how much one can hold."""

_SOCKET, _SOCKETPAIR, _CLONE = (41, 198), (53, 199), (56, 220)
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
AF_UNIX = 1


def _statement(code: int, k: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, k)


def _jump(code: int, k: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, k)


def _load(offset: int) -> bytes:
    return _statement(0x20, offset)


def _give(value: int) -> bytes:
    return _statement(0x06, value)


def program(
    machine: str = linux.MACHINE, unix_sockets: bool = True, signals: bool = True, attributes: bool = True
) -> bytes:
    """The filter's instructions, 8 bytes each.

    unix_sockets, signals: False where no namespace keeps them from reaching other processes. attributes: False where
    programs see the host's files and processes: then changes of permissions, owners and times, which Landlock does not
    cover, do nothing, and a program changes limits, priority and cores of itself alone.

    Raises:
        KeyError: a machine of another kind.
    """
    # The architecture first: numbers mean other calls to 32-bit code, which x86_64 kernels run too.
    code = _load(LD_ARCH) + _jump(0x15, _AUDIT_ARCH[machine], 1, 0) + _give(RET_KILL) + _load(LD_NR)
    if machine == "x86_64":  # bit 30 marks calls of the x32 ABI
        code += _jump(0x35, 0x40000000, 0, 1) + _give(RET_KILL)
    answers = _answers(("x86_64", "aarch64").index(machine), unix_sockets, signals, attributes)
    ranges: list[tuple[int, bytes]] = []
    for number in range(FIRST_UNKNOWN + 1):
        answer = answers.get(number, _give(RET_ALLOW))
        if not ranges or ranges[-1][1] != answer:
            ranges.append((number, answer))
    return code + _search(ranges)


def _answers(side: int, unix_sockets: bool, signals: bool, attributes: bool) -> dict[int, bytes]:
    """By number of the call: the instructions that answer it. Calls that are not in here are allowed."""
    denied, unknown = _give(RET_ERRNO | errno.EPERM), _give(RET_ERRNO | errno.ENOSYS)
    families = _load(LD_ARG0) + _jump(0x15, AF_UNIX if unix_sockets else 0xFFFF, 0, 1) + _give(RET_ALLOW)
    families += _give(RET_ERRNO | errno.EACCES)
    # Flags of clone can be read in its registers; those of clone3 lie in memory, which a filter cannot follow.
    flags = _load(LD_ARG0) + _jump(0x45, NEW_NAMESPACES, 0, 1) + denied + _give(RET_ALLOW)
    itself = _load(LD_ARG0) + _jump(0x15, 0, 0, 1) + _give(RET_ALLOW) + denied
    priority = _load(LD_ARG0) + _jump(0x15, 0, 0, 3) + _load(LD_ARG1) + _jump(0x15, 0, 0, 1) + _give(RET_ALLOW) + denied
    groups = [
        (_REFUSED.values(), denied),
        (() if signals else _SIGNALS.values(), denied),
        (() if attributes else _ATTRIBUTES.values(), _give(RET_ERRNO)),
        (() if attributes else _OTHERS.values(), denied),
        (() if attributes else _OF_ITSELF.values(), itself),
        ((_FLOCK,), _give(RET_ERRNO)),
        ((_FCNTL,), _among((_F_SETLEASE, _F_NOTIFY), LD_ARG1, denied)),
        ((_SETRLIMIT,), _among((_RLIMIT_CORE,), LD_ARG0, denied)),
        ((_OF_ITSELF["prlimit64"],), _prlimit(attributes, denied)),
        ((_MMAP,), _mmap()),
        (() if attributes else (_SETPRIORITY,), priority),
        (_UNKNOWN.values(), unknown),
        ((_SOCKET, _SOCKETPAIR) if unix_sockets else (_SOCKET,), families),
        ((_CLONE,), flags),
    ]
    found = {FIRST_UNKNOWN: unknown}
    for calls, answer in groups:
        found |= {number: answer for call in calls if (number := call[side]) is not None}
    return found


def _among(values: tuple[int, ...], argument: int, answer: bytes) -> bytes:
    """The answer if an argument has one of these values; else the call is allowed."""
    code = _load(argument)
    for value in values:
        code += _jump(0x15, value, 0, 1) + answer
    return code + _give(RET_ALLOW)


def _prlimit(of_others: bool, denied: bytes) -> bytes:
    """Of prlimit64: nothing of another process if not `of_others`, and no new limit of core dumps."""
    code = b"" if of_others else _load(LD_ARG0) + _jump(0x15, 0, 1, 0) + denied
    code += _load(LD_ARG1) + _jump(0x15, _RLIMIT_CORE, 1, 0) + _give(RET_ALLOW)
    # Without a new limit the call only reads.
    code += _load(LD_ARG2) + _jump(0x15, 0, 0, 3) + _load(LD_ARG2 + HIGH) + _jump(0x15, 0, 0, 1) + _give(RET_ALLOW)
    return code + denied


def _mmap() -> bytes:
    """Of mmap: no shared mapping without a file (MAP_SHARED and MAP_ANONYMOUS) above `MAX_SHARED_MAPPING`."""
    code = _load(LD_ARG3) + _jump(0x45, 0x20, 0, 5) + _jump(0x45, 0x01, 0, 4) + _load(LD_ARG1 + HIGH)
    code += _jump(0x15, 0, 0, 3) + _load(LD_ARG1) + _jump(0x35, MAX_SHARED_MAPPING + 1, 1, 0)
    return code + _give(RET_ALLOW) + _give(RET_ERRNO | errno.ENOMEM)


def _search(ranges: list[tuple[int, bytes]]) -> bytes:
    """A binary search for the number that is loaded: the answer of the last range that begins at it or before it.

    The kernel runs a filter for every number there is when it is put on a process, so that its depth counts.
    """
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _search(ranges[:middle]), _search(ranges[middle:])
    return _jump(0x35, ranges[middle][0], len(below) // 8, 0) + below + above


class _Program(ctypes.Structure):
    # `c_char_p`, not `c_void_p`: with it ctypes keeps the bytes alive for as long as the structure.
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


class Filter:
    """A filter that is built once and put on each process. Needs NO_NEW_PRIVS. Arguments are those of `program`."""

    def __init__(self, unix_sockets: bool = True, signals: bool = True, attributes: bool = True) -> None:
        code = program(linux.MACHINE, unix_sockets, signals, attributes)
        made = _Program(len(code) // 8, code)
        self.install = linux.prepared("seccomp", SECCOMP_SET_MODE_FILTER, 0, ctypes.byref(made))
        "Puts the filter on this process. It cannot be taken off."
