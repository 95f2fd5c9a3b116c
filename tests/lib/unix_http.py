"""HTTP over a unix socket."""
import http.client, socket


class Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("evac", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)
