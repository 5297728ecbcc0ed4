"""Hugging Face data set card: the YAML front matter of README.md."""

from collections.abc import Mapping

from govkit.inputs.metadata_formats.statement import Content, DeclaredParent, DeclaredTable, as_size, items, texts

FENCE = "---"
TYPES: Mapping[str, str] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), "integer"),
    **dict.fromkeys(("float16", "float32", "float64"), "number"),
    "bool": "boolean",
    "string": "text",
    "large_string": "text",
}


def front_matter(text: str) -> str:
    """Give the YAML between the first two fences, nothing where the file doesn't begin with one."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != FENCE:
        return ""
    ends = [index for index, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE]
    return "\n".join(lines[1 : ends[0]]) if ends else ""


def read(document: Mapping[str, object], source: str) -> Content:
    """Give what a data set card says."""
    content = Content()
    content.say("title", document.get("pretty_name"), "pretty_name")
    content.say("license", document.get("license"), "license")
    for index, name in enumerate(texts(document.get("source_datasets"))):
        if name == "original":
            content.say("original", value=True, pointer=f"source_datasets.{index}")
        else:
            content.parents.append(
                DeclaredParent(name.removeprefix("extended|"), "", source, f"source_datasets.{index}")
            )
    facts = document.get("dataset_info")
    for _, item in items(facts):
        columns = tuple(
            (str(field["name"]), TYPES.get(str(field.get("dtype")), ""))
            for _, field in items(item.get("features"))
            if isinstance(field.get("name"), str)
        )
        splits = [split for _, split in items(item.get("splits"))]
        rows = as_size(splits[0].get("num_examples")) if len(splits) == 1 else None
        if columns:
            content.tables.append(DeclaredTable("", columns, rows, source, "dataset_info"))
    content.say("model_origin", document.get("base_model"), "base_model")
    return content
