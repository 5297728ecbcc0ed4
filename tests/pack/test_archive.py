import io
import stat
import zipfile

import pytest

from govkit.core.errors import InputProblem, IntegrityProblem
from govkit.pack import archive
from govkit.pack.archive import packed, unpacked

FILES = {"b.txt": b"two", "a/one.json": b"{}", "ünïcode 信.csv": b""}


def written(path, entries, *, compress=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compress) as made:
        for name, data in entries:
            made.writestr(name, data)
    path.write_bytes(content.getvalue())
    return path


def test_files_come_back_and_order_does_not_matter(tmp_path):
    content = packed(FILES)
    assert content == packed(dict(reversed(FILES.items())))
    (tmp_path / "a.zip").write_bytes(content)
    assert unpacked(tmp_path / "a.zip") == FILES


@pytest.mark.parametrize("name", ["../up.txt", "/etc/passwd", "a/../../b", "a\\..\\b", "C:/x", "a//b", "./a", "a/"])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(IntegrityProblem, match="leads out of the archive"):
        unpacked(written(tmp_path / "a.zip", [(zipfile.ZipInfo(name), b"x")]))
    assert not (tmp_path.parent / "up.txt").exists()


def test_a_bomb_is_refused_before_it_is_read(tmp_path):
    bomb = written(tmp_path / "a.zip", [("audit.json", bytes(50_000_000))], compress=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(IntegrityProblem, match="is compressed or encrypted"):
        unpacked(bomb)


def test_a_size_that_lies_is_refused(tmp_path):
    content = bytearray(packed({"a": b"abc"}))
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = (2**31).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(IntegrityProblem):
        unpacked(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_stands_twice_a_link_and_too_many_are_refused(tmp_path, monkeypatch):
    with pytest.raises(IntegrityProblem, match="stands twice"):
        unpacked(written(tmp_path / "a.zip", [("a", b"1"), ("a", b"2")]))
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(IntegrityProblem, match="does not write"):
        unpacked(written(tmp_path / "a.zip", [(link, b"/etc/passwd")]))
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(InputProblem, match="more than 2 files"):
        unpacked(written(tmp_path / "a.zip", [("a", b""), ("b", b""), ("c", b"")]))
    monkeypatch.setattr(archive, "MOST_BYTES", 10)
    with pytest.raises(InputProblem, match="larger than"):
        unpacked(tmp_path / "a.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"{}", packed(FILES)[:-1], packed(FILES) + b"\0"])
def test_what_is_no_whole_archive_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(IntegrityProblem):
        unpacked(tmp_path / "a.zip")


def test_a_missing_file_is_a_bad_input(tmp_path):
    with pytest.raises(InputProblem, match="No such file"):
        unpacked(tmp_path / "none.zip")
