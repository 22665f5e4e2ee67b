"""A change carried out: naively, by the hand of somebody who knows, and by msr."""
import os, random, re, shutil, subprocess as sp, tempfile, time

from wire import Failed

PASSES = ("55P03", "40P01")


def naive(work):
    c = work.server.connect("live")
    c.ask(";".join(work.change.naive))
    c.close()


def hand(work):
    c = work.server.connect("live")
    for what, *rest in work.change.hand:
        {"short": short, "patient": patient, "fill": fill, "new": lambda _: work.roll_out()}[what](c, *rest)
        if what == "new":
            continue
    c.close()


def short(c, *statements):
    """Others wait behind a statement that waits for its lock: not long, then they have their turn."""
    pause = 0.05
    while True:
        try:
            c.ask("BEGIN; SET LOCAL lock_timeout = '100ms'; " + "; ".join(statements) + "; COMMIT")
            return
        except Failed as e:
            c.ask("ROLLBACK")
            if e.code not in PASSES:
                raise
        time.sleep(random.uniform(0, pause))
        pause = min(5, pause * 2)


def patient(c, sql):
    c.ask(sql)


def fill(c, change, only, at=0, size=500):
    """Batches of 50 ms, a pause of half of that: the one of five ways that kept stalls under 100 ms in SAFETY.md's measurements."""
    last = int(c.ask("SELECT max(id) FROM orders")[0][0])
    while at < last:
        begun = time.monotonic()
        c.ask(f"UPDATE orders SET {change} WHERE id > {at} AND id <= {at + size} AND {only}")
        took = time.monotonic() - begun
        at, size = at + size, int(max(50, min(50_000, size * max(0.2, min(2, 0.05 / took)))))
        time.sleep(took / 2)


class Msr:
    def __init__(self, program, server, online_from):
        self.program, self.server = program, server
        self.dir = tempfile.mkdtemp(prefix="msr-bench-work-")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MSR_") and k != "DATABASE_URL"}
        self.env.update(NO_COLOR="1", HOME=self.dir)
        if online_from:
            open(self.dir + "/msr.toml", "w").write(f"online_from = '{online_from}'\n")

    def __call__(self, *args):
        cmd = [self.program, *args, "--database", self.database]
        p = sp.run(cmd, env=self.env, cwd=self.dir, stdin=sp.DEVNULL, stdout=sp.PIPE, stderr=sp.STDOUT, text=True)
        if p.returncode:
            raise RuntimeError(f"msr {' '.join(args)}: exit {p.returncode}: {p.stdout[-1500:]}")
        return p.stdout

    def plan(self, work):
        self.database = work.database
        open(self.dir + "/schema.sql", "w").write(work.change.schema)
        self("plan", "--schema", "schema.sql", "--out", "plan.ron")

    def apply(self, work):
        self("apply", "plan.ron", "--yes", "--allow", "all")
        if re.search(r"phase: *contract", open(self.dir + "/plan.ron").read(), re.I):
            work.roll_out()
            self("apply", "plan.ron", "--yes", "--allow", "all", "--phase", "contract")

    def stop(self):
        shutil.rmtree(self.dir, ignore_errors=True)
