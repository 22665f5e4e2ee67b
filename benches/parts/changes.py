"""The tables, the application, and the changes: each as it is written without thought, and as somebody would who knows PostgreSQL.

The steps of a hand are: ("short", SQL…) a transaction that waits 100 ms for its locks and is tried again; ("patient", SQL) a statement
by whose waiting nobody waits; ("fill", SET, WHERE) in batches; ("new",) the old application is gone.
"""

SCHEMA = """CREATE TABLE customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    visits integer NOT NULL DEFAULT 0
);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    code text NOT NULL,
    email varchar(100) NOT NULL,
    amount integer NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'new',
    note text,
    legacy integer,
    placed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_quantity CHECK (quantity > 0)
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_placed ON orders (placed_at);
CREATE TABLE audit (
    id bigint PRIMARY KEY,
    order_id bigint NOT NULL,
    what text NOT NULL,
    CONSTRAINT audit_order FOREIGN KEY (order_id) REFERENCES orders (id)
);
"""
# The table that `attach` makes orders a part of.
LEDGER = """CREATE TABLE ledger (
    id bigint NOT NULL,
    customer_id bigint NOT NULL,
    code text NOT NULL,
    email varchar(100) NOT NULL,
    amount integer NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'new',
    note text,
    legacy integer,
    placed_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (id);
"""

APP = {
    "read": "SELECT id, customer_id, amount, state, note FROM orders WHERE id = $1",
    "range": "SELECT id, placed_at, amount FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20",
    "update": "UPDATE orders SET state = $2, note = $3, quantity = quantity % 9 + 1 WHERE id = $1",
    "insert": "INSERT INTO orders (id, customer_id, code, email, amount, note, legacy) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    "look": "SELECT name, visits FROM customers WHERE id = $1",
    "visit": "UPDATE customers SET visits = visits + 1 WHERE id = $1",
    "audit": "INSERT INTO audit (id, order_id, what) VALUES ($1, $2, 'changed')",
}


def fill(rows, customers):
    return f"""
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, {customers}) i;
INSERT INTO orders SELECT i, i % {customers} + 1, 'code ' || i, 'c' || i % {customers} || '@example.com', i % 1000, i % 9 + 1,
    CASE i % 3 WHEN 0 THEN 'new' WHEN 1 THEN 'paid' ELSE 'sent' END, 'note ' || i, i % 10, now() - i * interval '1 second'
    FROM generate_series(1, {rows}) i;
INSERT INTO audit SELECT i, i, 'made' FROM generate_series(1, {rows}) i;
"""


class Change:
    def __init__(self, name, title, naive, hand, schema, new=None, before="", held=0):
        self.name, self.title, self.naive, self.hand, self.before, self.held = name, title, naive, hand, before, held
        self.schema = schema(SCHEMA + before)
        if self.schema == SCHEMA + before:
            raise SystemExit(f"{name}: nothing changes")
        self.apps = {"old": APP, "new": dict(APP, **(new or {}))}


def swap(*pairs):
    def edit(text):
        for old, new in pairs:
            if old not in text:
                raise SystemExit(f"not in the schema: {old}")
            text = text.replace(old, new)
        return text
    return edit


def add(sql):
    return lambda text: text + sql + ";\n"


def column(line, before="    CONSTRAINT orders_quantity"):
    return swap((before, line + ",\n" + before))


ORDERS = "ALTER TABLE orders "


def plain(sql):
    """Where one statement is all there is, what a hand adds is how long to wait."""
    return [sql], [("short", sql)]


def not_null(column):
    """Up to PostgreSQL 17."""
    return [
        ("short", f"{ORDERS}ADD CONSTRAINT nn CHECK ({column} IS NOT NULL) NOT VALID"),
        ("patient", f"{ORDERS}VALIDATE CONSTRAINT nn"),
        ("short", f"{ORDERS}ALTER {column} SET NOT NULL", f"{ORDERS}DROP CONSTRAINT nn"),
    ]


def valid(table, name, what):
    sql = f"ALTER TABLE {table} ADD CONSTRAINT {name} {what}"
    return [sql], [("short", sql + " NOT VALID"), ("patient", f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")], add(sql)


def trigger(name, body):
    return ("short",
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN new; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION {name}()")


def untrigger(name):
    return [f"DROP TRIGGER {name} ON orders", f"DROP FUNCTION {name}()"]


BASE = "SELECT id, customer_id, code, email, amount, quantity, state, note, legacy, placed_at"
REMARK = {kind: APP[kind].replace("note", "remark") for kind in ("read", "update", "insert")}
PURCHASES = {kind: sql.replace("orders", "purchases") for kind, sql in APP.items()}
BOUNDS = "FROM (0) TO (1000000000000)"

CHANGES = [
    Change("index", "new index",
           ["CREATE INDEX orders_state ON orders (state, placed_at)"],
           [("patient", "CREATE INDEX CONCURRENTLY orders_state ON orders (state, placed_at)")],
           add("CREATE INDEX orders_state ON orders (state, placed_at)")),
    Change("drop-index", "index dropped",
           ["DROP INDEX orders_placed"],
           [("patient", "DROP INDEX CONCURRENTLY orders_placed")],
           swap(("CREATE INDEX orders_placed ON orders (placed_at);\n", ""))),
    Change("replace-index", "index of another definition",
           ["DROP INDEX orders_customer", "CREATE INDEX orders_customer ON orders (customer_id, placed_at)"],
           [("patient", "CREATE INDEX CONCURRENTLY fresh ON orders (customer_id, placed_at)"),
            ("short", "ALTER INDEX orders_customer RENAME TO stale", "ALTER INDEX fresh RENAME TO orders_customer"),
            ("patient", "DROP INDEX CONCURRENTLY stale")],
           swap(("orders (customer_id);", "orders (customer_id, placed_at);"))),
    Change("not-null", "NOT NULL",
           [f"{ORDERS}ALTER note SET NOT NULL"], not_null("note"), swap(("note text,", "note text NOT NULL,"))),
    Change("check", "check", *valid("orders", "orders_amount", "CHECK (amount >= 0)")),
    Change("tighter", "check of another definition",
           [f"{ORDERS}DROP CONSTRAINT orders_quantity, ADD CONSTRAINT orders_quantity CHECK (quantity > 0 AND quantity < 1000)"],
           [("short", f"{ORDERS}ADD CONSTRAINT fresh CHECK (quantity > 0 AND quantity < 1000) NOT VALID"),
            ("patient", f"{ORDERS}VALIDATE CONSTRAINT fresh"),
            ("short", f"{ORDERS}DROP CONSTRAINT orders_quantity", f"{ORDERS}RENAME CONSTRAINT fresh TO orders_quantity")],
           swap(("CHECK (quantity > 0)", "CHECK (quantity > 0 AND quantity < 1000)"))),
    Change("foreign-key", "foreign key",
           *valid("orders", "orders_customer_fk", "FOREIGN KEY (customer_id) REFERENCES customers (id)")),
    Change("unique", "unique constraint",
           [f"{ORDERS}ADD CONSTRAINT orders_code UNIQUE (code)"],
           [("patient", "CREATE UNIQUE INDEX CONCURRENTLY orders_code ON orders (code)"),
            ("short", f"{ORDERS}ADD CONSTRAINT orders_code UNIQUE USING INDEX orders_code")],
           add(f"{ORDERS}ADD CONSTRAINT orders_code UNIQUE (code)")),
    Change("default", "default", *plain(f"{ORDERS}ALTER amount SET DEFAULT 0"),
           swap(("amount integer NOT NULL", "amount integer NOT NULL DEFAULT 0"))),
    Change("column", "column with a constant default", *plain(f"{ORDERS}ADD weight integer NOT NULL DEFAULT 0"),
           column("    weight integer NOT NULL DEFAULT 0")),
    Change("behind", "the same behind a long transaction", *plain(f"{ORDERS}ADD weight integer NOT NULL DEFAULT 0"),
           column("    weight integer NOT NULL DEFAULT 0"), held=4),
    Change("widen", "varchar to text", *plain(f"{ORDERS}ALTER email TYPE text"),
           swap(("email varchar(100)", "email text"))),
    Change("attach", "table made a partition",
           [f"ALTER TABLE ledger ATTACH PARTITION orders FOR VALUES {BOUNDS}"],
           [("short", f"{ORDERS}ADD CONSTRAINT bound CHECK (id IS NOT NULL AND id >= 0 AND id < 1000000000000) NOT VALID"),
            ("patient", f"{ORDERS}VALIDATE CONSTRAINT bound"),
            ("short", f"ALTER TABLE ledger ATTACH PARTITION orders FOR VALUES {BOUNDS}", f"{ORDERS}DROP CONSTRAINT bound")],
           add(f"ALTER TABLE ledger ATTACH PARTITION orders FOR VALUES {BOUNDS}"), before=LEDGER),
    Change("rename-column", "column renamed",
           [f"{ORDERS}RENAME note TO remark"],
           [("short", f"{ORDERS}RENAME TO orders_base",
             f"CREATE VIEW orders WITH (security_invoker = true) AS {BASE}, note AS remark FROM orders_base"),
            ("new",),
            ("short", "DROP VIEW orders", "ALTER TABLE orders_base RENAME note TO remark", "ALTER TABLE orders_base RENAME TO orders")],
           swap(("    note text,", "    -- msr:renamed from note\n    remark text,")), new=REMARK),
    Change("rename-table", "table renamed",
           [f"{ORDERS}RENAME TO purchases"],
           [("short", f"{ORDERS}RENAME TO purchases",
             "CREATE VIEW orders WITH (security_invoker = true) AS SELECT * FROM purchases"),
            ("new",),
            ("short", "DROP VIEW orders")],
           swap(("CREATE TABLE orders", "-- msr:renamed from orders\nCREATE TABLE purchases"), ("ON orders (", "ON purchases ("),
                ("REFERENCES orders", "REFERENCES purchases")), new=PURCHASES),
    Change("drop-column", "column dropped",
           [f"{ORDERS}DROP legacy"],
           [("new",), ("short", f"{ORDERS}DROP legacy")],
           swap(("    legacy integer,\n", "")), new={"insert": APP["insert"].replace(", legacy", "").replace(", $7", "")}),
    Change("drop-table", "table dropped",
           ["DROP TABLE audit"],
           [("new",), ("short", "ALTER TABLE audit DROP CONSTRAINT audit_order"), ("short", "DROP TABLE audit")],
           lambda text: text[:text.index("CREATE TABLE audit")], new={"audit": "SELECT $1"}),
    Change("volatile", "column with a volatile default",
           [f"{ORDERS}ADD tag uuid NOT NULL DEFAULT gen_random_uuid()"],
           [("short", f"{ORDERS}ADD tag uuid, ALTER tag SET DEFAULT gen_random_uuid()"),
            ("fill", "tag = DEFAULT", "tag IS NULL"), *not_null("tag")],
           column("    tag uuid NOT NULL DEFAULT gen_random_uuid()")),
    Change("filled", "column made of another",
           [f"{ORDERS}ADD shout text", "UPDATE orders SET shout = upper(email)", f"{ORDERS}ALTER shout SET NOT NULL"],
           [("short", f"{ORDERS}ADD shout text"),
            trigger("shout", "IF new.shout IS NULL THEN new.shout := upper(new.email); END IF;"),
            ("fill", "shout = upper(email)", "shout IS NULL"), *not_null("shout"), ("new",), ("short", *untrigger("shout"))],
           column("    -- msr:using upper(email)\n    shout text NOT NULL"),
           new={"insert": APP["insert"].replace("legacy)", "legacy, shout)").replace("$7)", "$7, upper($4::varchar))")}),
    Change("retype", "integer to bigint",
           [f"{ORDERS}ALTER amount TYPE bigint"],
           [("short", f"{ORDERS}ADD fresh bigint"), trigger("fresh", "new.fresh := new.amount;"),
            ("fill", "fresh = amount", "fresh IS NULL"), *not_null("fresh"), ("new",),
            ("short", *untrigger("fresh"), f"{ORDERS}DROP amount", f"{ORDERS}RENAME fresh TO amount")],
           swap(("amount integer", "amount bigint"))),
]
