//! The old and the new application's statements, run against every state that a recipe goes through: after each batch.
//! Both read what the other wrote, and nothing is lost on the way up or down.
//!
//! That it can fail was tried: with a trigger that does nothing, `another type` stops at VALIDATE; with one that fires on
//! INSERT alone, what the two applications read differs.

mod support;

use support::{Database, Engine, Msr, postgres, skip};

/// A change that an old application must not notice, and what the two applications do. `{n}` is another number each time.
struct Recipe {
    name: &'static str,
    old: &'static str,
    new: &'static str,
    rows: &'static str,
    old_app: &'static str,
    new_app: &'static str,
    /// The same rows, as each application reads them while both run.
    old_reads: &'static str,
    new_reads: &'static str,
}

/// A statement that must not do what it says, whatever the state.
macro_rules! enforced {
    ($what:literal, $error:literal) => {
        concat!(
            "DO $$ BEGIN BEGIN INSERT INTO ",
            $what,
            "; EXCEPTION WHEN ",
            $error,
            " THEN RETURN; END; RAISE 'taken'; END $$;"
        )
    };
}

const RECIPES: &[Recipe] = &[
    Recipe {
        name: "rename table",
        old: "CREATE TABLE clients (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'x');",
        new: "-- msr:renamed from clients\nCREATE TABLE customers (id integer PRIMARY KEY,\n-- msr:renamed from name\nfull_name text NOT NULL DEFAULT 'x');",
        rows: "INSERT INTO clients VALUES (1, 'a');",
        old_app: "INSERT INTO clients VALUES (1000 + {n}, 'old') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name;
            INSERT INTO clients (id) VALUES (3000 + {n}); SELECT name FROM clients WHERE id = 1 FOR UPDATE; UPDATE clients SET name = 'old {n}' WHERE id = 1;
            DELETE FROM clients WHERE id = 3000 + {n};",
        new_app: "INSERT INTO customers (id, full_name) VALUES (2000 + {n}, 'new') RETURNING full_name; UPDATE customers SET full_name = 'new {n}' WHERE id = 1;",
        old_reads: "SELECT id, name FROM clients ORDER BY id",
        new_reads: "SELECT id, full_name FROM customers ORDER BY id",
    },
    Recipe {
        name: "move to another schema",
        old: "CREATE SCHEMA app; CREATE TABLE stock (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x');",
        new: "CREATE SCHEMA app;\n-- msr:renamed from public.stock\nCREATE TABLE app.stock (id serial PRIMARY KEY, name text NOT NULL DEFAULT 'x');",
        rows: "INSERT INTO stock (name) VALUES ('a');",
        old_app: "INSERT INTO stock (id, name) VALUES (1000 + {n}, 'old') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id;
            INSERT INTO public.stock DEFAULT VALUES; SELECT name FROM stock WHERE id = 1 FOR UPDATE; UPDATE stock SET name = 'old {n}' WHERE id = 1;",
        new_app: "INSERT INTO app.stock (name) VALUES ('new') RETURNING id; UPDATE app.stock SET name = 'new {n}' WHERE id = 1;",
        old_reads: "SELECT id, name FROM stock ORDER BY id",
        new_reads: "SELECT id, name FROM app.stock ORDER BY id",
    },
    Recipe {
        name: "rename column",
        old: "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'anon');",
        new: "CREATE TABLE users (id integer PRIMARY KEY,\n-- msr:renamed from name\nfull_name text NOT NULL DEFAULT 'anon');",
        rows: "INSERT INTO users VALUES (1, 'a');",
        old_app: "INSERT INTO users (id, name) VALUES (1000 + {n}, 'old') ON CONFLICT (id) DO NOTHING RETURNING name; INSERT INTO users (id) VALUES (3000 + {n});
            SELECT name FROM users WHERE id = 1 FOR UPDATE; UPDATE users SET name = 'old {n}' WHERE id = 1; DELETE FROM users WHERE id = 3000 + {n};",
        new_app: "INSERT INTO users (id, full_name) VALUES (2000 + {n}, 'new') RETURNING full_name; UPDATE users SET full_name = 'new {n}' WHERE id = 1;",
        old_reads: "SELECT id, name FROM users ORDER BY id",
        new_reads: "SELECT id, full_name FROM users ORDER BY id",
    },
    Recipe {
        name: "drop column",
        old: "CREATE TABLE items (id integer PRIMARY KEY, a integer, legacy text NOT NULL DEFAULT 'd');\nCREATE INDEX items_legacy ON items (legacy);",
        new: "CREATE TABLE items (id integer PRIMARY KEY, a integer);",
        rows: "INSERT INTO items VALUES (1, 1, 'kept');",
        old_app: "INSERT INTO items VALUES (1000 + {n}, {n}, 'old'); SELECT legacy FROM items; UPDATE items SET legacy = 'old', a = {n} WHERE id = 1000 + {n};",
        new_app: "INSERT INTO items (id, a) VALUES (2000 + {n}, {n}); UPDATE items SET a = 1 + {n} WHERE id = 1;",
        old_reads: "SELECT id, a FROM items WHERE legacy IS NOT NULL ORDER BY id",
        new_reads: "SELECT id, a FROM items ORDER BY id",
    },
    Recipe {
        name: "drop table",
        old: "CREATE TABLE p (id integer PRIMARY KEY);\nCREATE TABLE audit (id integer PRIMARY KEY, p integer REFERENCES p);",
        new: "CREATE TABLE p (id integer PRIMARY KEY);",
        rows: "INSERT INTO p VALUES (1); INSERT INTO audit VALUES (1, 1);",
        old_app: "INSERT INTO p VALUES (1000 + {n}); INSERT INTO audit VALUES (1000 + {n}, 1000 + {n}); SELECT count(*) FROM audit;",
        new_app: "INSERT INTO p VALUES (2000 + {n}); SELECT * FROM p;",
        old_reads: "SELECT id FROM p ORDER BY id",
        new_reads: "SELECT id FROM p ORDER BY id",
    },
    Recipe {
        name: "column made of others",
        old: "CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL);",
        new: "CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL,\n-- msr:using pg_catalog.upper(name)\nshout text NOT NULL);",
        rows: "INSERT INTO people SELECT i, 'p' || i FROM generate_series(1, 500) i;",
        old_app: "INSERT INTO people VALUES (1000 + {n}, 'old'); UPDATE people SET name = name WHERE id < 9; SELECT name FROM people;",
        new_app: "INSERT INTO people VALUES (2000 + {n}, 'new', 'NEW'); SELECT shout FROM people WHERE shout IS NOT NULL;",
        old_reads: "SELECT id, upper(name) FROM people ORDER BY id",
        new_reads: "SELECT id, shout FROM people ORDER BY id",
    },
    Recipe {
        name: "column made of one that may be NULL",
        old: "CREATE TABLE guests (id integer PRIMARY KEY, name text);",
        new: "CREATE TABLE guests (id integer PRIMARY KEY, name text,\n-- msr:using pg_catalog.upper(name)\nshout text NOT NULL);",
        rows: "INSERT INTO guests SELECT i, 'p' || i FROM generate_series(1, 500) i;",
        old_app: "INSERT INTO guests VALUES (1000 + {n}); SELECT name FROM guests; UPDATE guests SET name = 'old' WHERE name IS NULL;",
        new_app: "INSERT INTO guests VALUES (2000 + {n}, 'new', 'NEW'); SELECT shout FROM guests WHERE shout IS NOT NULL;",
        old_reads: "SELECT id, upper(name) FROM guests ORDER BY id",
        new_reads: "SELECT id, shout FROM guests ORDER BY id",
    },
    Recipe {
        name: "another type",
        old: "CREATE TABLE sums (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 7);\nCREATE INDEX sums_n ON sums (n);",
        new: "CREATE TABLE sums (id integer PRIMARY KEY, n bigint NOT NULL DEFAULT 7);\nCREATE INDEX sums_n ON sums (n);",
        rows: "INSERT INTO sums SELECT i, i FROM generate_series(1, 500) i;",
        old_app: "INSERT INTO sums (id, n) VALUES (1000 + {n}, {n}); INSERT INTO sums (id) VALUES (3000 + {n}); UPDATE sums SET n = n + 1 WHERE id < 20; SELECT n FROM sums;",
        new_app: "INSERT INTO sums (id, n) VALUES (2000 + {n}, {n}); INSERT INTO sums (id) VALUES (4000 + {n}); UPDATE sums SET n = n + 1 WHERE id > 480 AND id < 500;",
        old_reads: "SELECT id, n FROM sums ORDER BY id",
        new_reads: "SELECT id, n FROM sums ORDER BY id",
    },
    Recipe {
        name: "another type, and with it NOT NULL and a default",
        old: "CREATE TABLE marks (id integer PRIMARY KEY, n integer, eased smallint NOT NULL, said integer NOT NULL DEFAULT 7);",
        new: "CREATE TABLE marks (id integer PRIMARY KEY, n bigint NOT NULL DEFAULT 5, eased integer, said bigint NOT NULL);",
        rows: "INSERT INTO marks SELECT i, i, i FROM generate_series(1, 500) i;",
        old_app: concat!(
            "INSERT INTO marks VALUES (1000 + {n}, {n}, 1); INSERT INTO marks VALUES (3000 + {n}, NULL, 2); SELECT n FROM marks;
            UPDATE marks SET n = 0 WHERE n IS NULL; UPDATE marks SET eased = 3 WHERE id < 9; SELECT 1 / (said = 7)::integer FROM marks WHERE id = 1000 + {n};
            UPDATE marks SET eased = 3 WHERE eased IS NULL;",
            enforced!("marks (id, said, eased) VALUES (1, NULL, 1)", "not_null_violation")
        ),
        new_app: "INSERT INTO marks (id, said) VALUES (2000 + {n}, 7); SELECT 1 / (n = 5)::integer FROM marks WHERE id = 2000 + {n};
            UPDATE marks SET n = n + 1, eased = 4 WHERE id > 480;",
        old_reads: "SELECT id, n, eased, said FROM marks ORDER BY id",
        new_reads: "SELECT id, n, eased, said FROM marks ORDER BY id",
    },
    Recipe {
        name: "another type of a column that much is made of",
        old: "CREATE TABLE bids (id integer PRIMARY KEY, n integer NOT NULL, note text, CONSTRAINT positive CHECK (n > 0));
            CREATE UNIQUE INDEX bids_n ON bids ((n + 0)); CREATE INDEX bids_high ON bids (id) WHERE n > 900;
            CREATE VIEW high AS SELECT id, n FROM bids WHERE n > 3; CREATE VIEW higher AS SELECT n FROM high WHERE n > 9;
            CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.note := 'seen'; RETURN new; END $$;
            CREATE TRIGGER on_n BEFORE UPDATE OF n ON bids FOR EACH ROW WHEN (new.n > 3) EXECUTE FUNCTION noted();",
        new: "CREATE TABLE bids (id integer PRIMARY KEY, n bigint NOT NULL, note text, CONSTRAINT positive CHECK (n > 0));
            CREATE UNIQUE INDEX bids_n ON bids ((n + 0)); CREATE INDEX bids_high ON bids (id) WHERE n > 900;
            CREATE VIEW high AS SELECT id, n FROM bids WHERE n > 3; CREATE VIEW higher AS SELECT n FROM high WHERE n > 9;
            CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.note := 'seen'; RETURN new; END $$;
            CREATE TRIGGER on_n BEFORE UPDATE OF n ON bids FOR EACH ROW WHEN (new.n > 3) EXECUTE FUNCTION noted();",
        rows: "INSERT INTO bids SELECT i, i FROM generate_series(1, 500) i;",
        old_app: concat!(
            "INSERT INTO bids (id, n) VALUES (1000 + {n}, 1000 + {n}); UPDATE high SET n = n + 100000 WHERE id = {n} + 9; SELECT n FROM higher;
            SELECT 1 / (note = 'seen')::integer FROM bids WHERE id = {n} + 9;",
            enforced!("bids (id, n) VALUES (-1, 0)", "check_violation"),
            enforced!("bids (id, n) SELECT -1, n FROM bids", "unique_violation")
        ),
        new_app: concat!(
            "INSERT INTO bids (id, n) VALUES (2000 + {n}, 2000 + {n}); UPDATE high SET n = n + 200000 WHERE id = 2000 + {n}; SELECT n FROM higher;
            SELECT 1 / (note = 'seen')::integer FROM bids WHERE id = 2000 + {n};",
            enforced!("bids (id, n) VALUES (-1, 0)", "check_violation"),
            enforced!("bids (id, n) SELECT -1, n FROM bids", "unique_violation")
        ),
        old_reads: "SELECT id, n, note FROM bids ORDER BY id",
        new_reads: "SELECT id, n, note FROM bids ORDER BY id",
    },
    Recipe {
        name: "a longer text under a unique index that computes",
        old: "CREATE TABLE logins (id integer PRIMARY KEY, name varchar(20) NOT NULL); CREATE UNIQUE INDEX logins_name ON logins (lower(name));",
        new: "CREATE TABLE logins (id integer PRIMARY KEY, name text NOT NULL); CREATE UNIQUE INDEX logins_name ON logins (lower(name));",
        rows: "INSERT INTO logins SELECT i, 'Name' || i FROM generate_series(1, 500) i;",
        old_app: concat!(
            "INSERT INTO logins (id, name) VALUES (1000 + {n}, 'Old {n}'); UPDATE logins SET name = 'By old {n}' WHERE id = {n};",
            enforced!("logins (id, name) VALUES (-1, 'NAME500')", "unique_violation")
        ),
        new_app: concat!(
            "INSERT INTO logins (id, name) VALUES (2000 + {n}, 'New {n}') ON CONFLICT (lower(name)) DO NOTHING; UPDATE logins SET name = 'By new {n}' WHERE id = 2000 + {n};",
            enforced!("logins (id, name) VALUES (-1, 'name500')", "unique_violation")
        ),
        old_reads: "SELECT id, name FROM logins ORDER BY id",
        new_reads: "SELECT id, name FROM logins ORDER BY id",
    },
    Recipe {
        name: "another type that does not hold all of the old one",
        old: "CREATE TABLE docs (id integer PRIMARY KEY, doc json NOT NULL, price numeric(9,3));",
        new: "-- msr:allow narrowing-type reason=\"prices are whole\"\nCREATE TABLE docs (id integer PRIMARY KEY, doc jsonb NOT NULL, price integer);",
        rows: r#"INSERT INTO docs SELECT i, '{"b":1,  "a":2}', i + 0.4 FROM generate_series(1, 500) i;"#,
        old_app: r#"INSERT INTO docs (id, doc, price) VALUES (1000 + {n}, '{"a":  {n}}', 1.25); UPDATE docs SET price = price + 1 WHERE id < 20; SELECT doc::text FROM docs;"#,
        new_app: r#"INSERT INTO docs (id, doc, price) VALUES (2000 + {n}, '{"a": {n}}', 1); UPDATE docs SET doc = doc, price = price + 1 WHERE id > 480 AND id < 500;"#,
        old_reads: "SELECT id, doc ->> 'a', round(price) FROM docs ORDER BY id",
        new_reads: "SELECT id, doc ->> 'a', round(price) FROM docs ORDER BY id",
    },
    Recipe {
        name: "another type of keys",
        old: "CREATE TABLE par (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text);
            CREATE TABLE chi (id serial PRIMARY KEY, par_id integer NOT NULL REFERENCES par ON DELETE CASCADE);
            CREATE INDEX chi_par_id ON chi (par_id);",
        new: "CREATE TABLE par (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text);
            CREATE TABLE chi (id bigserial PRIMARY KEY, par_id bigint NOT NULL REFERENCES par ON DELETE CASCADE);
            CREATE INDEX chi_par_id ON chi (par_id);",
        rows: "INSERT INTO par (name) SELECT i FROM generate_series(1, 500) i; INSERT INTO chi (par_id) SELECT id FROM par;",
        old_app: concat!(
            "INSERT INTO par (name) VALUES ('old {n}'); INSERT INTO chi (par_id) SELECT max(id) FROM par;
            INSERT INTO par (id, name) VALUES (1000 + {n}, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b'; UPDATE chi SET par_id = 7 WHERE par_id = 8;
            UPDATE chi SET par_id = 8 WHERE par_id = 7; DELETE FROM par WHERE id = 20 + {n};",
            enforced!("chi (par_id) VALUES (-1)", "foreign_key_violation"),
            enforced!("par (id) VALUES (1)", "unique_violation"),
            enforced!("par (id) VALUES (NULL)", "not_null_violation")
        ),
        new_app: concat!(
            "INSERT INTO par (name) VALUES ('new {n}'); INSERT INTO chi (par_id) SELECT max(id) FROM par; SELECT id FROM chi WHERE par_id = 5;
            INSERT INTO par (id, name) VALUES (2000 + {n}, 'a') ON CONFLICT (id) DO UPDATE SET name = 'b'; UPDATE par SET name = '{n}' WHERE id > 480;",
            enforced!("chi (par_id) VALUES (-1)", "foreign_key_violation"),
            enforced!("par (id) VALUES (1)", "unique_violation")
        ),
        old_reads: "SELECT p.id, name, c.id, par_id FROM par p LEFT JOIN chi c ON par_id = p.id ORDER BY 1, 3",
        new_reads: "SELECT p.id, name, c.id, par_id FROM par p FULL JOIN chi c ON par_id = p.id ORDER BY 1, 3",
    },
    Recipe {
        name: "another check",
        old: "CREATE TABLE lines (id integer PRIMARY KEY, n integer, CONSTRAINT n_known CHECK (n >= 0));",
        new: "CREATE TABLE lines (id integer PRIMARY KEY, n integer, CONSTRAINT n_known CHECK (n BETWEEN 1 AND 100 OR n = -1));",
        rows: "INSERT INTO lines SELECT i, i FROM generate_series(1, 100) i;",
        old_app: concat!(
            "INSERT INTO lines VALUES (1000 + {n}, 0); UPDATE lines SET n = 7 WHERE id = 1000 + {n}; INSERT INTO lines VALUES (5000 + {n});",
            enforced!("lines VALUES (1, -2)", "check_violation")
        ),
        new_app: concat!(
            "INSERT INTO lines VALUES (2000 + {n}, -1); UPDATE lines SET n = 8 WHERE id = 2000 + {n};",
            enforced!("lines VALUES (1, -2)", "check_violation")
        ),
        old_reads: "SELECT id, n FROM lines ORDER BY id",
        new_reads: "SELECT id, n FROM lines ORDER BY id",
    },
    Recipe {
        name: "label removed",
        old: "CREATE TYPE state AS ENUM ('open', 'legacy', 'done');
            CREATE TABLE jobs (id integer PRIMARY KEY, state state NOT NULL DEFAULT 'open', was state, CHECK (state <> 'done' OR id > 0));
            CREATE INDEX jobs_open ON jobs (id) WHERE state = 'open';",
        new: "CREATE TYPE state AS ENUM ('open', 'done');
            CREATE TABLE jobs (id integer PRIMARY KEY, state state NOT NULL DEFAULT 'open', was state, CHECK (state <> 'done' OR id > 0));
            CREATE INDEX jobs_open ON jobs (id) WHERE state = 'open';",
        rows: "INSERT INTO jobs SELECT i, 'open', 'done' FROM generate_series(1, 100) i;",
        old_app: "INSERT INTO jobs VALUES (1000 + {n}, 'legacy', 'legacy'); UPDATE jobs SET was = 'open' WHERE was = 'legacy'; UPDATE jobs SET state = 'done' WHERE state = 'legacy'; INSERT INTO jobs VALUES (3000 + {n});",
        new_app: "INSERT INTO jobs VALUES (2000 + {n}, 'done'); INSERT INTO jobs VALUES (4000 + {n}); SELECT id FROM jobs WHERE state = 'open';",
        old_reads: "SELECT id, state, was FROM jobs ORDER BY id",
        new_reads: "SELECT id, state, was FROM jobs ORDER BY id",
    },
    Recipe {
        name: "one column split in two",
        old: "CREATE TABLE people (id integer PRIMARY KEY, age integer, full_name text NOT NULL);",
        new: "CREATE TABLE people (id integer PRIMARY KEY, age integer,
            -- msr:using split_part(full_name, ' ', 1)
            -- msr:back full_name = concat_ws(' ', first_name, last_name)
            first_name text NOT NULL,
            -- msr:using split_part(full_name, ' ', 2)
            last_name text NOT NULL);",
        rows: "INSERT INTO people SELECT i, i, 'first' || i || ' last' || i FROM generate_series(1, 500) i;",
        old_app: concat!(
            "INSERT INTO people (id, full_name) VALUES (1000 + {n}, 'old {n}') ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name;
            UPDATE people SET full_name = 'changed old{n}' WHERE id IN (7, 490); UPDATE people SET age = {n} WHERE id < 20;
            SELECT full_name FROM people;",
            enforced!("people VALUES (-1, 0, NULL)", "not_null_violation")
        ),
        new_app: concat!(
            "INSERT INTO people (id, first_name, last_name) VALUES (2000 + {n}, 'new', '{n}'); INSERT INTO people (id, first_name, last_name) VALUES (3000 + {n}, '', '');
            UPDATE people SET last_name = 'new{n}' WHERE id IN (8, 490); UPDATE people SET age = {n} WHERE id > 480; DELETE FROM people WHERE id = 3000 + {n};
            UPDATE people SET first_name = 'a', last_name = 'b' WHERE first_name = 'changed' AND id = 7;",
            enforced!("people (id, age, first_name) VALUES (-1, 0, 'a')", "not_null_violation")
        ),
        old_reads: "SELECT id, age, full_name FROM people ORDER BY id",
        new_reads: "SELECT id, age, concat_ws(' ', first_name, last_name) FROM people ORDER BY id",
    },
    Recipe {
        name: "two columns merged into one",
        old: "CREATE TABLE people (id integer PRIMARY KEY, age integer, first_name text NOT NULL, last_name text NOT NULL DEFAULT 'x');",
        new: "CREATE TABLE people (id integer PRIMARY KEY, age integer,
            -- msr:using concat_ws(' ', first_name, last_name)
            -- msr:back first_name = split_part(full_name, ' ', 1)
            -- msr:back last_name = split_part(full_name, ' ', 2)
            full_name text NOT NULL);",
        rows: "INSERT INTO people SELECT i, i, 'first' || i, 'last' || i FROM generate_series(1, 500) i;",
        old_app: concat!(
            "INSERT INTO people (id, first_name, last_name) VALUES (1000 + {n}, 'old', '{n}'); INSERT INTO people (id, first_name) VALUES (4000 + {n}, 'old');
            UPDATE people SET last_name = 'old{n}' WHERE id IN (7, 490); UPDATE people SET age = {n} WHERE id < 20; SELECT last_name FROM people;",
            enforced!("people VALUES (-1, 0, NULL, 'a')", "not_null_violation")
        ),
        new_app: concat!(
            "INSERT INTO people (id, full_name) VALUES (2000 + {n}, 'new {n}'); INSERT INTO people (id, full_name) VALUES (3000 + {n}, 'x y');
            UPDATE people SET full_name = 'new new{n}' WHERE id IN (8, 490); UPDATE people SET age = {n} WHERE id > 480;",
            enforced!("people (id, age) VALUES (-1, 0)", "not_null_violation")
        ),
        old_reads: "SELECT id, age, concat_ws(' ', first_name, last_name) FROM people ORDER BY id",
        new_reads: "SELECT id, age, full_name FROM people ORDER BY id",
    },
    Recipe {
        name: "default of its own for each row",
        old: "CREATE TABLE tokens (id integer PRIMARY KEY, a integer);",
        new: "CREATE TABLE tokens (id integer PRIMARY KEY, a integer, token uuid NOT NULL DEFAULT gen_random_uuid());",
        rows: "INSERT INTO tokens SELECT i FROM generate_series(1, 500) i;",
        old_app: "INSERT INTO tokens VALUES (1000 + {n}, 1); UPDATE tokens SET a = {n} WHERE id = 7; SELECT a FROM tokens;",
        new_app: "INSERT INTO tokens (id) VALUES (2000 + {n}) RETURNING token;",
        old_reads: "SELECT id, a FROM tokens ORDER BY id",
        new_reads: "SELECT id, a FROM tokens WHERE token IS NOT NULL ORDER BY id",
    },
];

/// Runs the applications named in a file, each with a number of its own; what fails is noted in another.
const SCRIPT: &str = r#"
for app in $(cat "$DIR/apps"); do
  n=$(($(cat "$DIR/n" 2>/dev/null || echo 0) + 1)); echo $n > "$DIR/n"
  sed "s/{n}/$n/g" "$DIR/$app.sql" | PSQL -X -q -v ON_ERROR_STOP=1 -d "$URL" -f - > "$DIR/said" 2>&1 ||
    { echo "the $app application fails after batch $MSR_BATCH of $MSR_COMMAND:" >> "$DIR/failures"; cat "$DIR/said" >> "$DIR/failures"; }
  echo "$app" >> "$DIR/ran"
done
"#;

struct Setting {
    database: Database,
    msr: Msr,
}

impl Setting {
    fn of(recipe: &Recipe) -> Setting {
        let database = Engine::Postgres.with(&format!("{}\n{}", recipe.old, recipe.rows)).expect("a database");
        let msr = Msr::new();
        let psql = postgres().expect("a server").program("psql").get_program().to_string_lossy().into_owned();
        let script = msr.write("app.sh", SCRIPT.replace("PSQL", &psql));
        let folder = script.parent().expect("a folder").to_string_lossy().into_owned();
        for (file, text) in [("old.sql", recipe.old_app), ("new.sql", recipe.new_app), ("failures", ""), ("ran", "")] {
            msr.write(file, text);
        }
        let hook = format!("DIR={folder} URL='{}' sh {}", database.url(), script.display());
        msr.write("msr.toml", format!("online = true\n[hooks]\nafter_batch = \"{hook}\"\n"));
        msr.write("schema.sql", recipe.new);
        Setting { database, msr }
    }

    /// Runs msr while these applications work, one after each batch.
    fn go(&self, apps: &str, args: &[&str]) {
        self.msr.write("apps", apps);
        self.msr.on(&self.database, args).expect(0);
        assert_eq!(self.msr.read("failures"), "", "while it ran {args:?}");
    }

    fn app(&self, sql: &str, n: u32) {
        self.database.ask(&sql.replace("{n}", &n.to_string()));
    }
}

#[test]
fn p12_both_applications_work_in_every_state() {
    if let Some(why) = Engine::Postgres.missing() {
        return skip("p12_both_applications_work_in_every_state", &why);
    }
    for recipe in RECIPES {
        println!("{}", recipe.name);
        let s = Setting::of(recipe);
        s.msr.on(&s.database, &["plan", "--schema", "schema.sql", "--out", "p.ron"]).expect(0);
        s.go("old", &["apply", "p.ron", "--yes"]);
        for n in [301, 302] {
            s.app(recipe.old_app, n);
            s.app(recipe.new_app, n + 10);
            assert_eq!(s.database.ask(recipe.old_reads), s.database.ask(recipe.new_reads), "{}", recipe.name);
        }
        let both = s.database.ask(recipe.new_reads);
        s.go("", &["apply", "p.ron", "--yes", "--phase", "contract"]);
        assert_eq!(s.database.ask(recipe.new_reads), both, "{}: lost on the way up", recipe.name);
        s.app(recipe.new_app, 401);
        let then = s.database.ask(recipe.new_reads);
        s.go("", &["down", "--yes", "--allow", "all"]);
        assert_eq!(s.database.ask(recipe.old_reads), then, "{}: lost on the way down", recipe.name);
        s.app(recipe.old_app, 501);
        // Again, and now the new application works while the old shape goes.
        s.msr.on(&s.database, &["plan", "--schema", "schema.sql", "--out", "p.ron"]).expect(0);
        s.go("old", &["apply", "p.ron", "--yes"]);
        let list = s.msr.on(&s.database, &["list"]).expect(0);
        let contracts = list.stdout.contains("waits for contract");
        if contracts {
            s.go("new", &["apply", "p.ron", "--yes", "--phase", "contract"]);
        }
        assert!(!s.msr.read("ran").is_empty(), "no application ran");
    }
}

/// What numbers rows goes on after those that are there, whether it comes with the plan or with its way back.
#[test]
fn numbers_go_on_after_the_rows() {
    if let Some(why) = Engine::Postgres.missing() {
        return skip("numbers_go_on_after_the_rows", &why);
    }
    let old = "CREATE TABLE t (id serial PRIMARY KEY, down integer GENERATED ALWAYS AS IDENTITY (INCREMENT BY -1), plain bigint NOT NULL);";
    let new = "CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, down serial, \
               plain bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -1 START WITH -5 MAXVALUE 100) NOT NULL);";
    let database =
        Engine::Postgres.with(&format!("{old} INSERT INTO t (plain) SELECT -i FROM generate_series(1, 9) i;"));
    let (database, msr) = (database.expect("a database"), Msr::new());
    msr.write("new.sql", new);
    let all = ["--allow", "all"];
    let planned = msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    // An INSERT that leaves the column out goes on working.
    assert!(!planned.stdout.contains("drop-default"), "{}", planned.said());
    msr.on(&database, &[&["apply", "p.ron", "--phase", "all", "--yes"], &all[..]].concat()).expect(0);
    assert_eq!(database.ask("INSERT INTO t DEFAULT VALUES RETURNING concat_ws(' ', id, down, plain)"), "10 1 -10");
    msr.on(&database, &[&["down", "--yes"], &all[..]].concat()).expect(0);
    assert_eq!(database.ask("INSERT INTO t (plain) VALUES (0) RETURNING concat_ws(' ', id, down)"), "11 -10");
}
