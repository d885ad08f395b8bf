"""Commands that start the services themselves say what is wrong in sentences."""

import shutil
from pathlib import Path
from random import Random

from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import TenantSchema
from colonnade_user import plugin
from tests.forked_commands import run_command

ROOT = Path(__file__).parents[3]


def test_another_academys_damaged_store_is_no_stack_trace(tmp_path: Path) -> None:
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    files = ServiceFiles(tmp_path / "var/data", "user")
    TenantSchema(files, plugin.stores()).copy_template(files.of_tenant("globex"))
    damaged = files.of_tenant("globex").read_bytes()
    noise = Random(1).randbytes(len(damaged) - 8_192)
    # The head, which says what version it is of, is whole: it breaks when it is worked with.
    files.of_tenant("globex").write_bytes(damaged[:8_192] + noise)
    command = ("owner", "password", "acme", "--generate")
    done = run_command("--platform", "platform.yaml", *command, cwd=tmp_path)
    assert "globex/user.sqlite3" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert '  File "' not in done.stderr
    assert max(map(len, done.stderr.splitlines())) < 1_000
