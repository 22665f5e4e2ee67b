"""As much of PostgreSQL's protocol as the benchmark needs: a statement sent, its answer awaited by whoever has the time."""
import re, socket, struct


class Failed(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Connection:
    def __init__(self, folder, database, prepared=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{folder}/.s.PGSQL.5432")
        self.prepared, self.known, self.left = prepared, {}, b""
        fields = ["user", "postgres", "database", database, "application_name", "benches/blocked"]
        body = struct.pack("!i", 196608) + b"".join(f.encode() + b"\0" for f in fields) + b"\0"
        self._begin()
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.wait()

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def _begin(self):
        self.rows, self.code, self.message = [], None, ""

    def ask(self, sql):
        """Any number of statements, and the rows of the last."""
        self._begin()
        self.socket.sendall(message(b"Q", text(sql)))
        return self.wait()

    def send(self, sql, values=()):
        """One statement with values; `read` tells when it is done."""
        self._begin()
        count = max(map(int, re.findall(r"\$(\d+)", sql)), default=0)
        name = self.known.get(sql, "") if self.prepared else ""
        out = b""
        if not name:
            if self.prepared:
                name = self.known[sql] = f"s{len(self.known)}"
            out = message(b"P", text(name) + text(sql) + b"\0\0")
        given = b"".join(struct.pack("!i", len(v)) + v for v in (str(v).encode() for v in values[:count]))
        out += message(b"B", b"\0" + text(name) + b"\0\0" + struct.pack("!h", count) + given + b"\0\0")
        self.socket.sendall(out + message(b"E", b"\0\0\0\0\0") + message(b"S", b""))

    def read(self):
        """What has come; whether the answer is whole. `code` is the SQLSTATE of what failed."""
        data = self.socket.recv(65536)
        if not data:
            raise Failed("08006", "the server closed the connection")
        data, at = self.left + data, 0
        done = False
        while len(data) >= at + 5:
            kind, size = data[at:at + 1], struct.unpack_from("!i", data, at + 1)[0]
            if len(data) < at + 1 + size:
                break
            body, at = data[at + 5:at + 1 + size], at + 1 + size
            if kind == b"D":
                self.rows.append(row(body))
            elif kind == b"E":
                parts = {p[:1]: p[1:].decode() for p in body.split(b"\0") if p}
                self.code, self.message = parts[b"C"], parts[b"M"]
            done = done or kind == b"Z"
        self.left = data[at:]
        return done

    def wait(self):
        while not self.read():
            pass
        if self.code:
            raise Failed(self.code, self.message)
        return self.rows


def text(value):
    return value.encode() + b"\0"


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def row(body):
    values, at = [], 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        size = struct.unpack_from("!i", body, at)[0]
        values.append(None if size < 0 else body[at + 4:at + 4 + size].decode())
        at += 4 + max(size, 0)
    return values
