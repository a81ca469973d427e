"""Has schemathesis judge the administration API: ADDRESS TOKEN_FILE FOLDER.

Every check is on. Requests are sent as if a proxy at 127.0.0.1 spoke for another network each time, so that
the wrong tokens, which are part of a check, slow nobody down.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import urllib.request

CONFIGURATION = """
seed = 20261124
max-time = {seconds}

[auth.openapi.token]
bearer = "{token}"

# A condition that does not hold, and a document that cannot be taken, are answers to good requests too.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422]

# An address that is none, and a tag that is not the present one, are refused with these as well.
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428]

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 415, 428]
"""

HOOKS = '''
import itertools
import schemathesis

numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(numbers)
    address = f"198.18.{number // 250 % 256}.{number % 250 + 1}"
    case.headers["X-Forwarded-For"] = address
'''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("token")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=int, default=40)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True)
    token = pathlib.Path(arguments.token).read_text().strip()
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(seconds=arguments.seconds, token=token))
    (folder / "forwarded.py").write_text(HOOKS)
    description = folder / "openapi.json"
    asked = urllib.request.Request(
        arguments.address + "/v1/openapi.json", headers={"Authorization": "Bearer " + token}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        description.write_bytes(answer.read())
    judged = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli",
            "--config-file", str(configuration), "--no-color",
            "run", str(description), "--url", arguments.address,
            "--checks", "all", "--continue-on-failure", "--max-examples", "8",
            "--workers", "2",
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "forwarded", "PYTHONPATH": str(folder)},
    )
    return judged.returncode


if __name__ == "__main__":
    sys.exit(main())
