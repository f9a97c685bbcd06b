"""The table that tells a person how far to trust the embedded AWS."""

from infra.local import shims


def test_the_table_names_every_shim_and_fits_a_terminal() -> None:
    table = shims.table()

    assert [shim.name for shim in shims.SHIMS if shim.name not in table.splitlines()] == []
    assert max(len(line) for line in table.splitlines()) <= shims.TEXT_WIDTH


def test_no_cell_is_empty_and_no_name_is_used_twice() -> None:
    names = [shim.name for shim in shims.SHIMS]

    assert len(names) == len(set(names))
    assert all(shim.aws and shim.moto and shim.shim for shim in shims.SHIMS)
