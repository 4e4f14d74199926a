# SPDX-License-Identifier: Apache-2.0
"""The tables, triggers and roles of a ledger on PostgreSQL, and whether they are there.

Three roles, and people who work as one of the last two:

- the owner, as which nobody works: whoever can is able to drop the triggers;
- the writer, who reads and appends, and may not update, delete or truncate;
- the reader.

The triggers hold for the owner too, and in a session that replicates (``ENABLE ALWAYS``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tiergate.release.ledger_address import Address
from tiergate.release.ledger_entry import FORMAT, start_of

_NEVER = "\nBEGIN\n  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;\nEND\n"

_FOLLOWS = """
DECLARE
  last bigint;
  before bytea;
BEGIN
  SELECT sequence, chain INTO last, before FROM ONLY {schema}.entries
    ORDER BY sequence DESC LIMIT 1;
  IF last IS NULL THEN
    SELECT 0, value INTO last, before FROM ONLY {schema}.ledger WHERE name = 'start';
  END IF;
  IF NEW.sequence IS DISTINCT FROM last + 1 OR NEW.previous IS DISTINCT FROM before THEN
    RAISE EXCEPTION 'entries follow one another';
  END IF;
  IF NEW.chain IS DISTINCT FROM sha256(before || sha256('\\x00'::bytea || NEW.entry)) THEN
    RAISE EXCEPTION 'entries are chained to what they follow';
  END IF;
  RETURN NEW;
END
"""

_TRIGGERS = {
    "entries_are_never_changed": (
        "BEFORE DELETE OR UPDATE OR TRUNCATE ON {schema}.entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION {schema}.never()"
    ),
    "entries_are_contiguous": (
        "BEFORE INSERT ON {schema}.entries FOR EACH ROW EXECUTE FUNCTION {schema}.follows()"
    ),
    "the_ledger_keeps_its_name": (
        "BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON {schema}.ledger"
        " FOR EACH STATEMENT EXECUTE FUNCTION {schema}.never()"
    ),
}
_COLUMNS = {
    "ledger": {"name": "text", "value": "bytea"},
    "entries": {"sequence": "bigint", "previous": "bytea", "entry": "bytea", "chain": "bytea"},
}

# Every row says of one thing what it is: kind, name, definition. Operators and functions are
# those of pg_catalog, because the session looks nowhere else.
_FOUND = """
WITH ours AS (
  SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = :schema
)
SELECT 'table', relname::text, relkind::text || relrowsecurity::text
  FROM ours WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'index', o.relname::text, pg_get_indexdef(o.oid)
  FROM ours o WHERE relkind IN ('i', 'I')
UNION ALL
SELECT 'column', o.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
    || a.attnotnull::text || coalesce(a.attacl::text, '')
  FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid
  WHERE o.relkind NOT IN ('i', 'I') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'trigger', t.tgname::text, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
  FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', r.rulename::text, '' FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid
UNION ALL
SELECT 'function', p.proname::text,
    l.lanname || p.prosecdef::text || coalesce(p.proconfig::text, '') || p.prosrc
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang WHERE n.nspname = :schema
UNION ALL
SELECT 'right', a.privilege_type || ' on ' || o.relname || ' for '
    || coalesce(r.rolname::text, 'everybody'), ''
  FROM ours o CROSS JOIN aclexplode(o.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE a.grantee <> o.relowner AND NOT (a.privilege_type = 'SELECT'
    OR (a.privilege_type = 'INSERT' AND o.relname = 'entries'))
"""
_SETTINGS = "search_path=pg_catalog, pg_temp"


def statements(address: Address, origin: str) -> tuple[str, ...]:
    """Return what makes a ledger of that name, in order, to be run in one transaction.

    Whoever runs them is a superuser, or may make roles, and schemas in the database.
    """
    schema, owner = address.schema, address.owner
    roles = (owner, address.writer, address.reader)
    return (
        *(_role(role) for role in roles),
        f"GRANT {owner} TO CURRENT_USER",
        f"CREATE SCHEMA {schema} AUTHORIZATION {owner}",
        f"SET LOCAL ROLE {owner}",
        *_tables(schema),
        *_values(schema, origin),
        *_functions(schema),
        *_made_triggers(schema),
        *_rights(address),
        "RESET ROLE",
        f"REVOKE {owner} FROM CURRENT_USER",
    )


def script(address: Address, origin: str) -> str:
    """Return the same for somebody to read and to run with ``psql``."""
    lines = (f"{statement};" for statement in statements(address, origin))
    return "\n".join(("BEGIN;", *lines, "COMMIT;")) + "\n"


def found_query() -> str:
    """Return the query that says what is there; it takes ``schema``."""
    return _FOUND


def faults(schema: str, found: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Say in what a schema is not as it is made.

    Args:
        schema: its name.
        found: what the query returned: kind and name, and the definition.
    """
    made = dict(_made(schema))
    for (kind, name), definition in made.items():
        if found.get((kind, name)) != definition:
            yield f"the {kind} {name!r} is {'changed' if (kind, name) in found else 'gone'}"
    for kind, name in sorted(found.keys() - made.keys()):
        yield f"the {kind} {name!r} in the database, which no ledger has"


def _made(schema: str) -> Iterator[tuple[tuple[str, str], str]]:
    for table, columns in _COLUMNS.items():
        yield ("table", table), "rfalse"
        key = f"{schema}.{table} USING btree ({next(iter(columns))})"
        yield ("index", f"{table}_pkey"), f"CREATE UNIQUE INDEX {table}_pkey ON {key}"
        for name, kind in columns.items():
            yield ("column", f"{table}.{name}"), f"{kind}true"
    for name, body in _TRIGGERS.items():
        yield ("trigger", name), f"A CREATE TRIGGER {name} {body.format(schema=schema)}"
    for name, body in _bodies(schema).items():
        yield ("function", name), f'plpgsqlfalse{{"{_SETTINGS}"}}{body}'


def _role(name: str) -> str:
    # Roles are those of all databases of a server: another ledger may have made them.
    return (
        f"DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
        f" THEN CREATE ROLE {name} NOLOGIN; END IF; END $do$"
    )


def _tables(schema: str) -> Iterator[str]:
    for table, columns in _COLUMNS.items():
        first, *rest = (f"{name} {kind}" for name, kind in columns.items())
        words = ", ".join((f"{first} PRIMARY KEY", *(f"{each} NOT NULL" for each in rest)))
        yield f"CREATE TABLE {schema}.{table} ({words})"


def _values(schema: str, origin: str) -> Iterator[str]:
    values = {"format": FORMAT.encode(), "origin": origin.encode(), "start": start_of(origin)}
    for name, value in values.items():
        # Nothing of it comes from elsewhere: a plain word, a name of ours, and digits.
        yield f"INSERT INTO {schema}.ledger VALUES ('{name}', '\\x{value.hex()}')"  # noqa: S608


def _bodies(schema: str) -> Mapping[str, str]:
    return {"never": _NEVER, "follows": _FOLLOWS.format(schema=schema)}


def _functions(schema: str) -> Iterator[str]:
    for name, body in _bodies(schema).items():
        yield (
            f"CREATE FUNCTION {schema}.{name}() RETURNS trigger LANGUAGE plpgsql"
            f" SET search_path = pg_catalog, pg_temp AS $body${body}$body$"
        )


def _made_triggers(schema: str) -> Iterator[str]:
    for name, body in _TRIGGERS.items():
        made = body.format(schema=schema)
        table = made.partition(" ON ")[2].partition(" ")[0]
        yield f"CREATE TRIGGER {name} {made}"
        yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def _rights(address: Address) -> Iterator[str]:
    schema, both = address.schema, f"{address.writer}, {address.reader}"
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {both}"
    yield f"GRANT SELECT ON {schema}.ledger, {schema}.entries TO {both}"
    yield f"GRANT INSERT ON {schema}.entries TO {address.writer}"
