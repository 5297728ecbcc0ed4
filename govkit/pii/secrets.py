"""Keys, tokens and connection strings that were left in data, by the forms their issuers gave them."""

import base64
import binascii
import json
import re
from typing import Final

_FORMS: Final = (
    r"\b(?:AKIA|ASIA|AGPA|AROA)[0-9A-Z]{16}\b",  # Amazon
    r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b|\bglpat-[A-Za-z0-9_-]{20,}",  # GitHub, GitLab
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\bAIza[0-9A-Za-z_-]{35}",  # Google
    r"\b[rs]k_(?:live|test)_[0-9a-zA-Z]{16,}\b|\bsk-[A-Za-z0-9_-]{20,}",  # Stripe, OpenAI
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{30,}\b|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|amqps?|mssql|oracle|snowflake)(?:\+[a-z0-9]+)?://[^\s:/@]+:[^\s/@]+@[^\s\"']+",
    r"(?i:\b(?:password|pwd|accountkey|sharedaccesskey)=[^\s;]{4,200};)",  # connection strings
    r"(?i:\b(?:api|secret|private)[_-]?key[\"' ]{0,2}[:=]\s{0,2}[\"']?[A-Za-z0-9_./+-]{16,})",
    r"(?i:\b(?:client[_-]?secret|(?:access|auth)[_-]?token)[\"' ]{0,2}[:=]\s{0,2}[\"']?[A-Za-z0-9_./+-]{16,})",
    r"(?i:\bbearer [A-Za-z0-9_./+-]{20,})",
)
_WEB: Final = r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
GATE: Final = "|".join((*_FORMS, _WEB))
"""RE2 and Python alike; a text without a match holds none."""
_KNOWN: Final = re.compile("|".join(_FORMS))
_WEB_TOKENS: Final = re.compile(_WEB)


def spans(text: str) -> list[tuple[int, int]]:
    """Give the places of secrets; a web token counts when its head names an algorithm."""
    found = [match.span() for match in _KNOWN.finditer(text)]
    found += [match.span() for match in _WEB_TOKENS.finditer(text) if _names_algorithm(match[0].split(".")[0])]
    return sorted(found)


def _names_algorithm(head: str) -> bool:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(decoded, dict) and "alg" in decoded
