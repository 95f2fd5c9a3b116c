"""Debian's awscli, imported once and forked for every call: the same code with the same arguments, environment and exit
code as /usr/bin/aws, without two thirds of a second of imports each time.

As a program (with the interpreter that /usr/bin/aws names) it serves: a line of JSON in, {"args", "env"}; a line out,
{"status", "out", "err"}."""
import gc, json, os, signal, subprocess, sys, tempfile, threading

AWS = "/usr/bin/aws"


def interpreter():
    with open(AWS) as f:
        return f.readline()[2:].strip()


class Forks:
    """A server a thread; ends with the block."""

    def __init__(self):
        self.mine, self.all, self.lock = threading.local(), [], threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.all:
            server.stdin.close()
            server.wait(30)

    def server(self):
        if not hasattr(self.mine, "server"):
            self.mine.server = subprocess.Popen([interpreter(), os.path.abspath(__file__)], text=True,
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            with self.lock:
                self.all.append(self.mine.server)
        return self.mine.server

    def run(self, args, env):
        server = self.server()
        server.stdin.write(json.dumps({"args": args, "env": env}) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        if not answer:
            raise AssertionError("awscli's server ended with %s" % server.wait(30))
        return json.loads(answer)


def call(args, env, out, err):
    """In the child: what /usr/bin/aws does."""
    from awscli.clidriver import main
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    data = os.environ["AWS_DATA_PATH"]  # its import put it there
    os.environ.clear()
    os.environ.update(env, AWS_DATA_PATH=data)
    sys.argv = [AWS] + args
    return main()


def child(args, env, out, err):
    status = 255
    signal.alarm(60)
    try:
        status = call(args, env, out, err)
    except SystemExit as e:
        status = e.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def serve():
    import awscli.clidriver, botocore.auth, botocore.parsers, botocore.session  # noqa: F401, what every call needs
    gc.disable()  # a collection in a child would write to, and so copy, every page of its parent's
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                child(asked["args"], asked["env"], out, err)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            out.seek(0)
            err.seek(0)
            print(json.dumps({"status": status, "out": out.read().decode(), "err": err.read().decode()}), flush=True)


if __name__ == "__main__":
    serve()
