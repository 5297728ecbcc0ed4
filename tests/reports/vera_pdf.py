"""veraPDF's engine on files, `python tests/reports/vera_pdf.py FILE...`: which rules of PDF/A-3a and PDF/UA-1 fail.

GOVKIT_VERAPDF holds the class path: the JAR of veraPDF's own installation, or any other that holds its validation with
JAXB beside it. Java and the Python package jpype1 have to be installed.
"""

import os
import sys
import zipfile
from functools import cache
from pathlib import Path

PROFILES = {"3a": "PDFA-3A", "ua1": "PDFUA-1"}
CLASS_PATH = [part for part in os.environ.get("GOVKIT_VERAPDF", "").split(os.pathsep) if part]


@cache
def engine():
    """Start Java and give veraPDF's foundry, its flavours and the two profiles."""
    import jpype

    jpype.startJVM("-Xmx700m", classpath=CLASS_PATH)
    jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    flavours = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour")
    profiles = jpype.JClass("org.verapdf.pdfa.validation.profiles.Profiles")
    read = {name: profiles.profileFromXml(stream_of(shipped(file))) for name, file in PROFILES.items()}
    return foundry, flavours, read


def shipped(name):
    """Give a validation profile out of the class path."""
    for part in CLASS_PATH:
        with zipfile.ZipFile(part) as archive:
            found = [item for item in archive.namelist() if item.endswith(f"/{name}.xml")]
            if found:
                return archive.read(found[0])
    raise LookupError(name)


def stream_of(content):
    import jpype

    signed = [byte - 256 if byte > 127 else byte for byte in content]
    return jpype.JClass("java.io.ByteArrayInputStream")(jpype.JArray(jpype.JByte)(signed))


def failures(content, profile):
    """Give each rule that fails with what it says and where it failed first, and how many assertions were made."""
    foundry, flavours, profiles = engine()
    parser = foundry.createParser(stream_of(content), flavours.fromString(profile))
    try:
        result = foundry.createValidator(profiles[profile], False).validate(parser)  # noqa: FBT003 - Java
    finally:
        parser.close()
    found = {}
    for one in result.getTestAssertions():
        if str(one.getStatus()) != "passed":
            rule = f"{one.getRuleId().getClause()}-{one.getRuleId().getTestNumber()}"
            found.setdefault(rule, f"{one.getMessage()} at {one.getLocation().getContext()}"[:300])
    return found, int(result.getTotalAssertions())


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        for profile in PROFILES:
            rules, made = failures(path.read_bytes(), profile)
            print(f"{path.name}: {profile}: {made:,} assertions, {len(rules)} rules fail", rules or "", flush=True)  # noqa: T201 - its output
