"""Check or rewrite translation catalogs: catalog.py check|write FRESH TEMPLATE LANGUAGE…"""

import re
import sys
from pathlib import Path

import polib

WIDTH = 78
# They change with every export and say nothing.
DATES = ("POT-Creation-Date", "PO-Revision-Date")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdif]|\{\w+\}")


def main(command, fresh, template, *languages):
    fresh = _without_dates(polib.pofile(fresh, wrapwidth=WIDTH))
    if command == "check":
        print(*_complaints(fresh, Path(template), map(Path, languages)), sep="\n", end="")
    else:
        _write(fresh, Path(template), map(Path, languages))


def _complaints(fresh, template, languages):
    current = template.read_text() if template.exists() else ""
    if str(fresh).strip() != current.strip():
        yield f"{template.name} is not what the code gives"
    for path in languages:
        translated = _translated(path)
        for entry in fresh:
            text = translated.get(_key(entry))
            if not text:
                yield f"{path.name} lacks: {entry.msgid!r}"
            elif _placeholders(text) != _placeholders(entry.msgid):
                yield f"{path.name} has other placeholders: {entry.msgid!r}"


def _write(fresh, template, languages):
    template.write_text(f"{fresh}\n")
    for path in languages:
        translated = _translated(path)
        catalog = _without_dates(polib.pofile(str(fresh), wrapwidth=WIDTH))
        catalog.metadata["Language"] = path.stem
        for entry in catalog:
            entry.msgstr = translated.get(_key(entry), "")
        path.write_text(f"{catalog}\n")
        missing = sum(not entry.msgstr for entry in catalog)
        print(f"{path.name}: {len(catalog)} texts, {missing} not translated")


def _translated(path):
    """The texts of a language that someone has approved, by their source."""
    if not path.exists():
        return {}
    return {_key(entry): entry.msgstr for entry in polib.pofile(str(path)) if not entry.fuzzy}


def _key(entry):
    return entry.msgctxt, entry.msgid


def _placeholders(text):
    return sorted(PLACEHOLDER.findall(text.replace("%%", "")))


def _without_dates(catalog):
    for name in DATES:
        catalog.metadata.pop(name, None)
    return catalog


if __name__ == "__main__":
    main(*sys.argv[1:])
