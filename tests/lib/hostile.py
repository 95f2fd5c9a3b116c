#!/usr/bin/env python3
"""A step's program that means harm, for tests of what it gets: tries one thing, and says what came of it.

  hostile.py call NAME     a system call, by a name below: "refused EPERM", or "done"
  hostile.py memory MIB | files | write PATH MIB | spin | forks
  hostile.py leave PATH    a grandchild that would outlive all: its number goes to PATH
  hostile.py read PATH     "refused EACCES", or "read N"
"""
import ctypes, errno, os, socket, sys, time

libc = ctypes.CDLL(None, use_errno=True)
# x86-64 and the numbers that all architectures share since Linux 5.1
CALLS = {
    "ptrace": (101, 0, 0, 0, 0), "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0), "umount2": (166, b"/proc", 2),
    "pivot_root": (155, b"/tmp", b"/tmp"), "chroot": (161, b"/tmp"), "unshare-user": (272, 0x10000000), "unshare-net": (272, 0x40000000),
    "setns": (308, 0, 0), "clone-user": (56, 0x10000000 | 17, 0, 0, 0, 0), "clone3": (435, 0, 0), "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0), "userfaultfd": (323, 1), "keyctl": (250, 0, -3, 0), "add_key": (248, b"user", b"k", b"v", 1, -3),
    "io_uring_setup": (425, 1, 0), "process_vm_readv": (310, os.getppid(), 0, 0, 0, 0, 0), "kcmp": (312, 1, 1, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0), "fanotify_init": (300, 0, 0), "kexec_load": (246, 0, 0, 0, 0), "init_module": (175, 0, 0, b""),
    "finit_module": (313, 0, b"", 0), "delete_module": (176, b"x", 0), "reboot": (169, 0, 0, 0, 0), "swapon": (167, b"/x", 0),
    "iopl": (172, 3), "ioperm": (173, 0, 1, 1), "settimeofday": (164, 0, 0), "clock_settime": (227, 0, 0), "adjtimex": (159, 0),
    "sethostname": (170, b"x", 1), "syslog": (103, 10, 0, 0), "personality": (135, 0x0040000), "setsid": (112,), "setpgid": (109, 0, 0),
    "typing": (16, 0, 0x5412, b"x"), "typing-high": (16, 0, 0x100005412, b"x"), "pidfd_getfd": (438, 0, 0, 0), "open_tree": (428, -100, b"/", 1),
    "acct": (163, 0), "mbind": (237, 0, 0, 0, 0, 0, 0), "setuid": (105, 0), "ioprio_set": (251, 1, 0, 0),
}
SOCKETS = {"packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "ax25": 3, "ipx": 4, "unspec": 0}


def told(rc, code):
    return "done" if rc >= 0 else "refused " + errno.errorcode[code]


def call(name):
    if name in SOCKETS:
        rc = libc.syscall(41, SOCKETS[name], 3, 0)
    else:
        number, *args = CALLS[name]
        rc = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
    if rc == 0 and name == "clone-user":
        os._exit(0)
    return told(rc, ctypes.get_errno())


def memory(mib):
    try:
        return "got %d" % len(bytearray(int(mib) << 20))
    except MemoryError:
        return "refused"


def files():
    kept = []
    try:
        while len(kept) < 5000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as e:
        return "refused %s after %d" % (errno.errorcode[e.errno], len(kept))
    return "got %d" % len(kept)


def write(path, mib):
    with open(path, "wb") as f:
        for _ in range(int(mib)):
            f.write(bytes(1 << 20))
    return "wrote"


def spin():
    while True:
        pass


def forks():
    children = 0
    try:
        while children < 500:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            children += 1
    except OSError as e:
        return "refused %s after %d" % (errno.errorcode[e.errno], children)
    return "got %d" % children


def leave(path):
    """As daemons do it: two forks, a session and a group of one's own, output closed."""
    if os.fork() == 0:
        for away in (os.setsid, lambda: os.setpgid(0, 0)):
            try:
                away()
            except OSError:
                pass
        if os.fork() == 0:
            os.closerange(0, 3)
            with open(path + ".new", "w") as f:
                f.write(str(os.getpid()))
            os.rename(path + ".new", path)
            time.sleep(300)
        os._exit(0)
    while not os.path.exists(path):
        time.sleep(0.01)
    return "left"


def read(path):
    try:
        with open(path, "rb") as f:
            return "read %d" % len(f.read())
    except OSError as e:
        return "refused " + errno.errorcode[e.errno]


if __name__ == "__main__":
    if sys.argv[1] == "all":
        for name in list(CALLS) + list(SOCKETS):
            print(name, call(name), flush=True)
    else:
        print({"call": call, "memory": memory, "files": files, "write": write, "spin": spin, "forks": forks, "leave": leave,
               "read": read}[sys.argv[1]](*sys.argv[2:]), flush=True)
