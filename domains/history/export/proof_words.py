"""What a checked export proves, and what it does not, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from domains.history.export.checking import Proof

_PROVED: Mapping[str, str] = {
    "whole": "every entry of this range stands here exactly as it was hashed, and none was changed, removed, put in "
    "or moved",
    "filtered": "the entries that stand here are exactly as they were hashed, each in its place among those of the "
    "range that were left out",
    "compact": "each entry that stands here is exactly as it was hashed, after the hash that its own line gives",
}


def sentences(proof: Proof) -> Iterator[str]:
    """Tell what was checked, what that proves, what it does not, and how it is tied to published heads."""
    header, trailer = proof.header, proof.trailer
    yield (
        f"It is a {header.scope} export ({proof.form.name}) of {_range(header.first, header.last)}: "
        f"{trailer.entries} with their bodies, {trailer.left_out} left out."
    )
    yield f"The hash before the first is {header.previous_hash}, the last one is {trailer.hash}."
    yield f"Proved: {_PROVED[header.scope]}."
    if trailer.not_proved:
        yield f"Not proved: {trailer.not_proved}."
    yield from _tie(proof)
    yield _claim(proof)


def _tie(proof: Proof) -> Iterator[str]:
    header, tied = proof.header, proof.tied
    if tied is None:
        yield (
            "It is tied to no published head: whoever wrote the file could have made all of it up. Compare it with "
            "heads that were kept elsewhere: --against HEADFILE."
        )
    elif header.scope == "compact":
        yield (
            f"Published heads confirm {proof.ties} of its {proof.trailer.entries} entries, the last of them entry "
            f"{tied.seq} ({tied.time}); the others are tied to none."
        )
    else:
        yield (
            f"It is tied to the head that was published on {tied.time}: {_range(header.first, tied.seq)} as the "
            "history had them then."
        )
        if tied.seq < header.last:
            yield f"No published head confirms {_range(tied.seq + 1, header.last)}."


def _claim(proof: Proof) -> str:
    """Tell what the header says; nothing in the chain confirms it but the entry that it names."""
    header = proof.header
    recorded = f", recorded in entry {header.recorded}" if header.recorded else ""
    filters = f" Filters: {json.dumps(dict(header.filters), ensure_ascii=False)}." if header.filters else ""
    return f"Its header says: exported on {header.time} by {header.actor}, through the {header.door}{recorded}.{filters}"


def _range(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"
