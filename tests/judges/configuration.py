"""Judges the JSON Schema of the configuration with the validator jsonschema-rs and Python's own reader of TOML.

Usage: configuration.py ESITO

The schema itself, the sample as it is and with all in force, files that are wrong; and whether sample and schema have
the same keys. Writes what is wrong, and exits with 1 then.
"""

import json
import subprocess
import sys
import tomllib

import jsonschema_rs

WRONG = [
    ("an unknown section", "[portall]\n"),
    ("an unknown key", "[portal]\nlissten = '127.0.0.1:1'"),
    ("an unknown key of a table", "[portal]\ntls = { file = 'x' }"),
    ("an unknown key of a PACS", "[[pacs]]\nhots = 'x'"),
    ("an unknown key far inside", "[[pacs]]\nrecall = { hook = { tls = { ca = 'x' } } }"),
    ("a number for a text", "[portal]\nlisten = 8080"),
    ("a text for a number", "[portal]\nconnections = 'many'"),
    ("less than nothing", "[portal]\nconnections = -1"),
    ("no such port", "[smtp]\nport = 70000"),
    ("no such word", "[results]\nrelease = 'sometimes'"),
    ("no such level", "[log]\nlevel = 'loud'"),
    ("no such protocol", "[[pacs]]\nprotocol = 'ftp'"),
    ("a table for a list", "[pacs]\nname = 'x'"),
    ("a text for a list", "[admin]\ntrusted_proxies = '127.0.0.1'"),
    ("no such scope's kind", "[[admin.tokens]]\nscopes = [1]"),
]
# Whose keys are a gateway's own.
FREE = {("sms", "json"), ("sms", "form"), ("sms", "query"), ("sms", "headers")}


def in_force(sample, alternatives):
    """The lines of the sample with its keys in force, those with `or` before them too or not."""
    for line in sample.splitlines():
        key = line[1:] if line.startswith("#") and (line[1:2].islower() or line[1:2] == "[") else None
        if key is None:
            yield line
        elif not key.startswith("or "):
            yield key
        elif alternatives:
            yield key[3:]


def keys_of_table(table, path=()):
    """The paths of all keys of a table."""
    for key, value in table.items():
        yield (*path, key)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            yield from keys_of_table(inner, (*path, key))


def keys_of_sample(sample):
    """Line by line: two keys that take each other's place cannot stand in one file."""
    section = ""
    for line in in_force(sample, True):
        if line.startswith("["):
            section = line
        text = line if line.startswith("[") else f"{section}\n{line}"
        yield from keys_of_table(tomllib.loads(text))


def keys_of_schema(schema, path=()):
    """The paths of all properties."""
    for key, value in schema.get("properties", {}).items():
        yield (*path, key)
        yield from keys_of_schema(value.get("items", value), (*path, key))


def is_compared(path):
    return path[:2] not in FREE or len(path) == 2


def printed(esito, what):
    """What `esito config` prints."""
    return subprocess.run([esito, "config", what], check=True, capture_output=True, text=True).stdout


def main(esito):
    """Judges; gives what is wrong."""
    schema = json.loads(printed(esito, "schema"))
    sample = printed(esito, "sample")
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.Draft202012Validator(schema)
    right = {"the sample": sample, "the sample in force": "\n".join(in_force(sample, False)), "nothing": ""}
    for name, file in right.items():
        for error in validator.iter_errors(tomllib.loads(file)):
            yield f"{name}: {error.message} at {error.instance_path}"
    for name, file in WRONG:
        if validator.is_valid(tomllib.loads(file)):
            yield f"{name} is taken"
    ours, theirs = set(filter(is_compared, keys_of_schema(schema))), set(keys_of_sample(sample))
    theirs = set(filter(is_compared, theirs))
    for path in sorted(theirs - ours):
        yield f"the schema lacks {'.'.join(path)}"
    for path in sorted(ours - theirs):
        # What a hook has too is explained at the PACS.
        if path[2:3] != ("hook",) or len(path) < 5:
            yield f"the sample lacks {'.'.join(path)}"
    if len(ours) < 150:
        yield f"only {len(ours)} keys are compared"


if __name__ == "__main__":
    FOUND = list(main(sys.argv[-1]))
    print("\n".join(FOUND) or "nothing is wrong")
    sys.exit(bool(FOUND))
