"""The application: statements at a fixed rate, and how long each took from the moment at which it was due.

A process of its own, so that nothing of the change is in its way. The setting comes as JSON in the first line of its input; then
`new` (the next version of the application is rolled out, connection by connection) and `stop`. It says `ready` and `new`, and
leaves [due, done, kind, SQLSTATE] of every statement, by the monotonic clock, in the file `out`.

Not pgbench: that ends a client at the first statement that fails, and so can't count them.
"""
import collections, gc, itertools, json, os, random, selectors, sys, threading, time

from wire import Connection, Failed

NOW = time.monotonic
# How much of the load is of each kind.
WEIGHTS = {"read": 40, "range": 10, "update": 25, "insert": 10, "look": 5, "visit": 5, "audit": 5}
ROLL = 0.02  # between two connections of the new version


class Values:
    def __init__(self, rows, customers):
        self.rows, self.customers = rows, customers
        self.next = itertools.count(rows + 1)

    def of(self, kind):
        order, customer = random.randint(1, self.rows), random.randint(1, self.customers)
        if kind in ("range", "look", "visit"):
            return [customer]
        if kind == "update":
            return [order, random.choice(["paid", "sent"]), f"note {customer}"]
        if kind == "insert":
            n = next(self.next)
            return [n, customer, f"code {n}", f"c{customer}@example.com", n % 1000, f"note {n}", n % 10]
        if kind == "audit":
            return [next(self.next), order]
        return [order]


class Load:
    def __init__(self, setting):
        self.s = setting
        self.values = Values(setting["rows"], setting["customers"])
        self.version, self.stopped, self.log = "old", False, []
        self.kinds, self.weights = list(WEIGHTS), list(WEIGHTS.values())

    def connect(self):
        c = Connection(self.s["folder"], self.s["database"], self.s["prepared"])
        c.version = self.version
        return c

    def sql(self, version, kind):
        return self.s["apps"][version][kind]

    def run(self):
        sel = selectors.DefaultSelector()
        sel.register(0, selectors.EVENT_READ)
        free = collections.deque(self.connect() for _ in range(self.s["clients"]))
        busy, waiting = {}, collections.deque()
        for c in free:
            sel.register(c, selectors.EVENT_READ)
        long = [threading.Thread(target=self.long) for _ in range(self.s["long"])]
        for thread in long:
            thread.start()
        gc.collect()
        gc.disable()
        say("ready")
        step, due, roll, old = 1 / self.s["rate"], NOW(), 0, 0
        while not self.stopped or busy:
            now = NOW()
            while due <= now and not self.stopped:
                waiting.append((due, random.choices(self.kinds, self.weights)[0]))
                due += step
            if old and now >= roll:
                at = next((i for i, c in enumerate(free) if c.version != self.version), None)
                if at is not None:
                    sel.unregister(free[at])
                    free[at].close()
                    free[at] = self.connect()
                    sel.register(free[at], selectors.EVENT_READ)
                    roll, old = now + ROLL, old - 1
                    if not old:
                        say("new")
            while waiting and free and not self.stopped:
                c, (at, kind) = free.popleft(), waiting.popleft()
                c.send(self.sql(c.version, kind), self.values.of(kind))
                busy[c] = (at, kind)
            for key, _ in sel.select(max(0, due - NOW())):
                c = key.fileobj
                if c == 0:
                    line = os.read(0, 100).decode()
                    if "new" in line:
                        self.version, old = "new", self.s["clients"]
                    # Without its parent it ends too.
                    self.stopped = self.stopped or "stop" in line or not line
                elif c.read():
                    at, kind = busy.pop(c)
                    self.log.append((at, NOW(), kind, c.code))
                    free.append(c)
        for thread in long:
            thread.join()
        with open(self.s["out"], "w") as f:
            json.dump(self.log, f)

    def long(self):
        """Transactions that stay open for a while, one after the other, as those do that call another service."""
        c = self.connect()
        time.sleep(random.uniform(0, self.s["open"]))
        while not self.stopped:
            if c.version != self.version:
                c.close()
                c = self.connect()
            values = self.values.of("update")
            for sql in ["BEGIN", self.sql(c.version, "read"), None, self.sql(c.version, "update"), "COMMIT"]:
                if not sql:
                    time.sleep(self.s["open"])
                    continue
                begun = NOW()
                c.send(sql, values)
                try:
                    c.wait()
                except Failed as e:
                    self.log.append((begun, NOW(), "long", e.code))
                    c.ask("ROLLBACK")
                    time.sleep(self.s["open"])
                    break
                self.log.append((begun, NOW(), "long", None))


def say(word):
    print(word, flush=True)


if __name__ == "__main__":
    Load(json.loads(sys.stdin.buffer.raw.readline())).run()
