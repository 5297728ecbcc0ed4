"""Where in the repository a result is shown: the configuration, else the model, else the data."""

from pathlib import PurePosixPath
from urllib.parse import quote

from govkit.core.record import AuditRecord, Run


def _inside(path: str) -> str:
    """Give a path as it stands in the repository, empty where it is absolute or leads out."""
    pure = PurePosixPath(path)
    return "" if not path or pure.is_absolute() or ".." in pure.parts else str(pure)


def _configuration(run: Run) -> str:
    """Find the configuration's path in the repository from a folder that the command line named.

    It is looked for upward from the data, and kept as an absolute path. A folder on the command line that is the
    end of it says where the repository begins; without one, nothing does.
    """
    path = PurePosixPath(run.config_path)
    if not run.config_path or not path.is_absolute():
        return _inside(run.config_path)
    for named in (run.model_path, *run.data_paths.values()):
        folders = PurePosixPath(_inside(named)).parents
        for folder in [folder for folder in folders if folder.name]:
            if path.parent.parts[-len(folder.parts) :] == folder.parts:
                return str(folder / path.name)
    return ""


def path_in_repository(record: AuditRecord) -> str:
    """Give the file that results point to, relative to where the audit ran; empty where there is none inside."""
    run = record.run
    candidates = (_configuration(run), _inside(run.model_path), *map(_inside, run.data_paths.values()))
    return next((path for path in candidates if path), "")


def uri_in_repository(record: AuditRecord) -> str:
    """Give the same file as a URI reference, or an absolute one where no path lies inside."""
    path = path_in_repository(record)
    if path:
        return quote(path.encode("utf-8", "replace"))
    run = record.run
    absolute = run.config_path or run.model_path or run.data_paths.get("test", "")
    return f"file://{quote(absolute.encode('utf-8', 'replace'))}" if absolute.startswith("/") else ""
