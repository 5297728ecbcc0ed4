"""DVC: `data.csv.dvc` beside a file that is kept elsewhere, with its MD5 and size."""

from collections.abc import Mapping

from govkit.inputs.metadata_formats.statement import Content, DeclaredFile, as_digest, as_size, file_name, items, texts


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a `.dvc` file says about the files that it stands for."""
    content = Content()
    for index, item in items(document.get("outs")):
        path = texts(item.get("path"))
        md5 = as_digest(item.get("md5"))
        if path and md5 and not md5.endswith(".dir"):
            size = as_size(item.get("size"))
            content.files.append(DeclaredFile(file_name(path[0]), "", size, source, f"outs.{index}", md5))
    return content
