"""Addresses of databases: no password is shown, and a source's asks nothing of a driver but to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from migrate.connectors.addresses import shown
from migrate.connectors.database import read_query
from migrate.errors import ConfigurationError, SourceRefused
from migrate.ledger import open_ledger


@pytest.mark.parametrize("address", ["postgresql://u:hunter2@h:1/d?a=b", "postgresql://h:1/d?user=u&password=hunter2&a=b"])
def test_no_password_is_shown(address: str) -> None:
    assert "hunter2" not in shown(make_url(address))
    assert "a=b" in shown(make_url(address))


def test_a_ledger_that_cannot_be_opened_shows_no_password_of_its_query(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened") as caught:
        open_ledger("postgresql://127.0.0.1:1/ledger?user=u&password=hunter2", tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("option", ["init_command=DROP%20TABLE%20x", "local_infile=1", "read_default_file=/etc/my.cnf"])
def test_the_address_of_a_source_asks_only_to_read(option: str, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=f"more than reading is done: {option.partition('=')[0]}"):
        read_query(f"mysql://u:hunter2@127.0.0.1:1/d?charset=utf8mb4&{option}", tmp_path, "select 1")


@pytest.mark.parametrize("option", ["foo=1", "charset=zzz"])
def test_an_option_that_a_driver_does_not_know_is_told(option: str, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="has an option that its driver does not take") as caught:
        read_query(f"mysql://u:hunter2@127.0.0.1:1/d?{option}", tmp_path, "select 1")
    assert option.partition("=")[0] in str(caught.value)
    assert "hunter2" not in str(caught.value)
