"""The parts of a scan on a Dask cluster: the same jobs, the same result."""

from collections.abc import Iterable

from govkit.core.errors import InputProblem, MissingExtra
from govkit.pii.scan import Job, Mapper, Part, run_job

CONNECT_SECONDS = 30


def on_dask(scheduler: str | None, workers: int) -> Mapper:
    """Run jobs on a running cluster, or on one of so many processes that lasts for the scan.

    Every worker has to see the files under the same paths and have govkit installed.

    Raises:
        MissingExtra: Dask isn't installed.
        InputProblem: the scheduler doesn't answer.
    """
    try:
        from distributed import Client, LocalCluster, as_completed
    except ImportError:
        raise MissingExtra(
            "Dask isn't installed", hint="install govkit with its extra `dask`, or leave --engine away"
        ) from None

    def run(_: int, jobs: Iterable[Job]) -> Iterable[Part]:
        cluster = None
        try:
            if scheduler is None:
                cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            with Client(scheduler or cluster, timeout=CONNECT_SECONDS) as client:
                tasks = client.map(run_job, list(jobs), pure=False)
                found = {task.key: index for index, task in enumerate(tasks)}
                parts: dict[int, Part] = {}
                for task, part in as_completed(tasks, with_results=True):
                    parts[found[task.key]] = part
                yield from (parts[index] for index in sorted(parts))
        except OSError as error:
            raise InputProblem(
                f"the Dask scheduler doesn't answer ({type(error).__name__})", hint="check --scheduler"
            ) from None
        finally:
            if cluster is not None:
                cluster.close()

    return run
