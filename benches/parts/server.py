"""A throw-away PostgreSQL server on a private socket, and copies of its database `base`."""
import glob, os, shutil, subprocess as sp, tempfile

from wire import Connection

# Checkpoints and vacuums at their own times would be in the numbers of one form and not of another.
SETTINGS = {
    "listen_addresses": "''", "fsync": "off", "autovacuum": "off", "shared_buffers": "1GB", "max_wal_size": "32GB",
    "checkpoint_timeout": "1h", "max_connections": "60",
}


class Server:
    def __init__(self):
        bins = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
        self.bin = os.environ.get("MSR_TEST_PG_BIN") or (bins[-1] if bins else None)
        if not self.bin:
            raise SystemExit("PostgreSQL is not installed")
        self.dir = tempfile.mkdtemp(prefix="msr-bench-")
        self.user = []
        if os.geteuid() == 0:
            self.user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.dir, "postgres")
        os.chmod(self.dir, 0o755)
        self.data = self.dir + "/data"
        settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        try:
            self.do("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
            self.do("pg_ctl", "-D", self.data, "-l", self.data + "/log", "-w", "-s", "-o", f"-k {self.dir} -p 5432 {settings}", "start")
            self.version = self.ask("postgres", "SHOW server_version")[0][0].split()[0]
        except BaseException:
            self.stop()
            raise

    def do(self, program, *args):
        p = sp.run([*self.user, f"{self.bin}/{program}", *args], cwd="/", stdout=sp.PIPE, stderr=sp.STDOUT, text=True)
        if p.returncode:
            raise SystemExit(f"{program}: {p.stdout[-400:]}")

    def stop(self):
        sp.run([*self.user, f"{self.bin}/pg_ctl", "-D", self.data, "-m", "immediate", "-w", "-s", "stop"], cwd="/", stderr=sp.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self, database):
        return Connection(self.dir, database)

    def ask(self, database, *statements):
        c = self.connect(database)
        try:
            return [c.ask(sql) for sql in statements][-1]
        finally:
            c.close()

    def fill(self, *statements):
        self.ask("postgres", "CREATE DATABASE base")
        self.ask("base", *statements, "VACUUM ANALYZE")

    def copy(self, also=""):
        """A database like `base` was; where it is."""
        self.ask("postgres", "DROP DATABASE IF EXISTS live WITH (FORCE)", "CREATE DATABASE live TEMPLATE base STRATEGY file_copy")
        # Read once, as that of a running application is.
        self.ask("live", "SELECT count(*), max(length(note)) FROM orders", *([also] if also else []))
        return f"postgres:///live?host={self.dir}&port=5432&user=postgres"
