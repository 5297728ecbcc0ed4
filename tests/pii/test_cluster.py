"""The same scan on a Dask cluster gives the same result to the byte."""

import pytest

pytest.importorskip("distributed")

from govkit.core.errors import InputProblem
from govkit.pii import reading
from govkit.pii.cluster import on_dask
from govkit.pii.scan import scan


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_as_this_process(tmp_path, monkeypatch):
    from distributed import LocalCluster

    path = tmp_path / "data.csv"
    path.write_text(
        "mail,notes\n" + "".join(f'p{n}@example.org,"call +1 212 555 {n % 9000 + 1000}"\n' for n in range(3_000))
    )
    monkeypatch.setattr(reading, "UNIT_BYTES", 20_000)
    here = scan([path], key=b"k" * 16)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        there = scan([path], key=b"k" * 16, run=on_dask(cluster.scheduler_address, 1))
    assert there == here


def test_a_scheduler_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "data.csv").write_text("a\n1\n")
    monkeypatch.setattr("govkit.pii.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(InputProblem, match="doesn't answer"):
        scan([tmp_path / "data.csv"], run=on_dask("tcp://127.0.0.1:9", 1))
